# Configures the project with g++ and looks whether an old one is refused with the reason.
#   cmake -DSOURCE_DIR=... -P old_gcc_is_refused.cmake
find_program(gcc NAMES g++)
if(NOT gcc)
  message("left out: g++ is not installed")
  return()
endif()
execute_process(COMMAND ${gcc} -dumpversion OUTPUT_VARIABLE version OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT version VERSION_LESS 14)
  message("left out: g++ here is ${version}, which is not refused")
  return()
endif()

execute_process(COMMAND mktemp -d OUTPUT_VARIABLE folder OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
execute_process(
  COMMAND ${CMAKE_COMMAND} -S ${SOURCE_DIR} -B ${folder} -DCMAKE_CXX_COMPILER=${gcc}
  RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
file(REMOVE_RECURSE ${folder})
if(status EQUAL 0)
  message(FATAL_ERROR "g++ ${version} was not refused")
endif()
if(NOT output MATCHES "miscompiles coroutines" OR NOT output MATCHES "clang\\+\\+-19")
  message(FATAL_ERROR "g++ ${version} was refused, but not with the reason:\n${output}")
endif()
message("g++ ${version} is refused with the reason")
