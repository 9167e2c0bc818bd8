#include "engine/gate/permit.hpp"

sallyport::gate::Permit keep(sallyport::gate::Permit&& permit) {
  return std::move(permit);
}

#ifdef FORBIDDEN
sallyport::gate::Permit spend_twice(const sallyport::gate::Permit& permit) {
  return permit;
}
#endif
