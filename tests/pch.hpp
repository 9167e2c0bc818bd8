// What most tests include besides what the engine's sources do: compiled once. Every test still
// includes what it uses.
#include "cmake/pch.hpp"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
