#include "engine/gate/permit.hpp"

sallyport::gate::Permit keep(sallyport::gate::Permit permit) {
  return permit;
}

#ifdef FORBIDDEN
sallyport::gate::Permit forge(sallyport::model::ActionRequest request) {
  return sallyport::gate::Permit{std::move(request), "", {}, {}, {}};
}
#endif
