#include "engine/http/date.hpp"

#include <gtest/gtest.h>

namespace sallyport::http {

TEST(HttpDate, IsReadInTheFormThatIsSentAndInNoOther) {
  EXPECT_EQ(parse_date("Fri, 20 Nov 2026 12:00:30 GMT"), *parse_rfc3339("2026-11-20T12:00:30Z"));
  for (const auto* other : {"Fri, 20 Foo 2026 12:00:30 GMT",
                            "Friday, 20-Nov-26 12:00:30 GMT",
                            "Fri, 20 Nov 2026 12:00:30 CET",
                            "Fri, 20 Nov 2026 25:00:30 GMT",
                            "yesterday",
                            ""})
    EXPECT_FALSE(parse_date(other)) << other;
}

}  // namespace sallyport::http
