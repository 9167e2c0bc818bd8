#include "tools/lab/lab.hpp"

#include "tests/integration/connectors/real_product.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

namespace sallyport::testing {

namespace {

bool there_is_namespace(const std::string& name) {
  return std::filesystem::exists("/run/netns/" + name);
}

}  // namespace

TEST(Lab, RemovesEverythingWhenItsProcessIsKilled) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const auto child = fork();
  if (child == 0) {
    auto lab = lab::Lab::start();
    const auto told =
        lab ? lab->folder().string() + " " + lab->networks().host : lab.error().detail;
    if (write(ends[1], told.data(), told.size()) > 0) pause();
    _exit(1);
  }
  close(ends[1]);
  std::array<char, 512> text{};
  const auto n = ::read(ends[0], text.data(), text.size());
  close(ends[0]);
  ASSERT_GT(n, 0);
  const std::string told{text.data(), static_cast<std::size_t>(n)};
  const auto folder = told.substr(0, told.find(' '));
  const auto name = told.substr(told.find(' ') + 1);
  EXPECT_TRUE(there_is_namespace(name)) << told;
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(comes_true(10s, [&] {
    return !there_is_namespace(name) && !std::filesystem::exists(folder);
  })) << told;
  const auto left = lab::run({"pgrep", "-f", folder});
  ASSERT_TRUE(left);
  EXPECT_EQ(left->status, 1) << "still runs: " << left->printed;
}

TEST(Lab, RemovesEverythingWhenItEnds) {
  std::string folder;
  lab::Networks networks;
  {
    const auto lab = lab::Lab::start();
    ASSERT_TRUE(lab) << trouble(lab);
    folder = lab->folder();
    networks = lab->networks();
    EXPECT_TRUE(there_is_namespace(networks.gateway));
  }
  EXPECT_FALSE(std::filesystem::exists(folder));
  for (const auto& name : {networks.gateway, networks.outside, networks.host})
    EXPECT_FALSE(there_is_namespace(name));
}

}  // namespace sallyport::testing
