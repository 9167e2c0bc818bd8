# Every target links sallyport_settings; no other file names a compiler flag.

# g++ 12 compiles ordinary coroutines into double frees and lost coroutines, at every optimisation level.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
  message(FATAL_ERROR
    "g++ ${CMAKE_CXX_COMPILER_VERSION} miscompiles coroutines (temporaries in an awaiting statement are destroyed "
    "twice). Use clang++-19, as the presets do (`cmake --preset release`), or g++ 14 or newer.")
endif()

add_library(sallyport_settings INTERFACE)
target_include_directories(sallyport_settings INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_features(sallyport_settings INTERFACE cxx_std_23)
target_compile_options(sallyport_settings INTERFACE
  -pthread  # some packages ask for it; the shared precompiled header must agree
  -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
  -Wimplicit-fallthrough -Wno-missing-field-initializers -Werror)
target_compile_definitions(sallyport_settings INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_DISABLE_BOOST_DATE_TIME
  SALLYPORT_VERSION="${PROJECT_VERSION}")
target_link_libraries(sallyport_settings INTERFACE Boost::headers Threads::Threads fmt::fmt)
if(CMAKE_UNITY_BUILD)
  # A local variable may be called like a constant of a source that happens to be compiled with it.
  target_compile_options(sallyport_settings INTERFACE -Wno-shadow)
endif()
if(SALLYPORT_SANITIZE)
  target_compile_options(sallyport_settings INTERFACE
    -fsanitize=${SALLYPORT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(sallyport_settings INTERFACE -fsanitize=${SALLYPORT_SANITIZE})
endif()
