#pragma once

#include "engine/match/json_record.hpp"
#include "engine/match/record.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sallyport::match {

/// An event as JSON, and Windows event JSON (`Event.System`, `Event.EventData`) as its rules expect
/// it: flat.
///
/// A name is looked up as JsonRecord does; then among the fields of EventData and UserData; then
/// those of System. EventID, Channel, Computer and Provider_Name are always those of System. What
/// the XML had as attributes is named `Element_Attribute` (Provider_Name, Security_UserID), an
/// element with attributes is its text (EventID), `Data` elements go by their Name, also without
/// its spaces (`Threat Name` is ThreatName).
///
/// Refers to the value, which must outlive it.
class EventRecord final : public Record {
 public:
  explicit EventRecord(const json::value& root);

  bool visit(const FieldPath& path, const Visitor& visitor) const override;

  void visit_all(const Visitor& visitor) const override { json_.visit_all(visitor); }

 private:
  using Values = std::vector<const json::value*>;

  void add(std::string_view name, const json::value& value);
  void add_element(std::string_view name, const json::value& value);
  void add_elements(const json::value* parent);
  void add_data(const json::value& data);

  JsonRecord json_;
  std::unordered_map<std::string, Values> flat_;  ///< Empty when this is no Windows event.
};

}  // namespace sallyport::match
