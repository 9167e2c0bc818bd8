#include "engine/match/detection.hpp"

#include "engine/match/compiler.hpp"
#include "engine/match/evaluation.hpp"

namespace sallyport::match {

std::optional<Detection> Detection::compile(const json::value& block,
                                            Faults& faults,
                                            std::string_view pointer,
                                            const Placeholders& placeholders) {
  Faults own;
  auto program = Compiler{own, placeholders}.compile(block, pointer);
  const bool usable = !has_errors(own);
  faults.insert(faults.end(), own.begin(), own.end());
  if (!usable) return std::nullopt;
  return Detection{std::make_shared<const Program>(std::move(program))};
}

bool Detection::matches(const Record& record) const {
  return Evaluation{record, program_->fields}.matches(*program_);
}

const std::vector<FieldPath>& Detection::fields() const noexcept {
  return program_->fields;
}

}  // namespace sallyport::match
