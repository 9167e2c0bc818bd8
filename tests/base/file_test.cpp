#include "engine/base/file.hpp"

#include "tests/store/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

namespace sallyport {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryDirectory;

class FileTest : public ::testing::Test {
 protected:
  [[nodiscard]] fs::path written(std::string_view bytes) const {
    const auto file = folder_.path() / "file";
    std::ofstream{file, std::ios::binary} << bytes;
    return file;
  }

  TemporaryDirectory folder_;
};

TEST_F(FileTest, AllBytesAreRead) {
  const std::string bytes{"a\0b\r\n\xFF", 6};
  EXPECT_EQ(read_file(written(bytes)).value(), bytes);
  EXPECT_EQ(read_file(written("")).value(), "");
  const std::string large(300'000, 'x');
  EXPECT_EQ(read_file(written(large)).value(), large);
}

TEST_F(FileTest, AsManyBytesAsAllowedAndNoMore) {
  const auto file = written("12345");
  EXPECT_EQ(read_file(file, 5).value(), "12345");
  const auto refused = read_file(file, 4);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::invalid_input);
  EXPECT_EQ(refused.error().detail, file.string() + ": longer than 4 bytes");
}

TEST_F(FileTest, WhatIsNoFileIsNamedWithTheReason) {
  const auto absent = read_file(folder_.path() / "absent");
  ASSERT_FALSE(absent.has_value());
  EXPECT_EQ(absent.error().code, Errc::not_found);
  EXPECT_EQ(absent.error().detail,
            (folder_.path() / "absent").string() + ": No such file or directory");
  const auto folder = read_file(folder_.path());
  ASSERT_FALSE(folder.has_value());
  EXPECT_EQ(folder.error().code, Errc::not_found);
  EXPECT_EQ(folder.error().detail, folder_.path().string() + ": Is a directory");
}

/// As a shell hands over what another command prints.
TEST_F(FileTest, APipeIsReadToItsEnd) {
  const auto pipe = folder_.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::string bytes(200'000, 'y');
  const std::jthread writer{[&] { std::ofstream{pipe, std::ios::binary} << bytes; }};
  EXPECT_EQ(read_file(pipe).value(), bytes);
}

}  // namespace
}  // namespace sallyport
