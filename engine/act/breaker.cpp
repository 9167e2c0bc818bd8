#include "engine/act/breaker.hpp"

#include <utility>

namespace sallyport::act {

Breaker::Pass Breaker::admit(Moment now) {
  using enum BreakerState;
  if (state_ == closed) return Pass::ordinary;
  if (state_ == half_open || now < next_trial_) return Pass::refused;
  state_ = half_open;
  return Pass::trial;
}

bool Breaker::answered(Pass pass) {
  // An answer to what was sent before it opened says nothing of now.
  if (state_ != BreakerState::closed && pass != Pass::trial) return false;
  failures_ = 0;
  return std::exchange(state_, BreakerState::closed) != BreakerState::closed;
}

bool Breaker::failed(Pass pass, Moment now) {
  if (state_ != BreakerState::closed && pass != Pass::trial) return false;
  ++failures_;
  const bool opens = pass == Pass::trial || (rule_.failures > 0 && failures_ >= rule_.failures);
  if (!opens) return false;
  state_ = BreakerState::open;
  next_trial_ = now + rule_.open_for;
  return pass != Pass::trial;
}

void Breaker::given_up(Pass pass, Moment now) {
  if (pass != Pass::trial) return;
  state_ = BreakerState::open;
  next_trial_ = now;
}

}  // namespace sallyport::act
