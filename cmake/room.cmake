# sallyport_room(gate DEPENDS match): builds engine/gate/*.cpp as the library sallyport_gate.
# DEPENDS is the list of rooms this one may include, besides what those include in turn; tools/check_layers.py
# holds the sources to it. LIBRARIES are the third-party targets that live in this room alone.
function(sallyport_room name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  sallyport_library(sallyport_${name} ${sources})
  foreach(dep IN LISTS ARG_DEPENDS)
    target_link_libraries(sallyport_${name} PUBLIC sallyport_${dep})
  endforeach()
  target_link_libraries(sallyport_${name} PUBLIC ${ARG_LIBRARIES})
endfunction()

# A static library with the project's settings and the shared precompiled header.
function(sallyport_library target)
  add_library(${target} STATIC ${ARGN})
  target_link_libraries(${target} PUBLIC sallyport_settings)
  if(target STREQUAL "sallyport_base")
    target_precompile_headers(sallyport_base PRIVATE ${PROJECT_SOURCE_DIR}/cmake/pch.hpp)
  else()
    target_precompile_headers(${target} REUSE_FROM sallyport_base)
  endif()
endfunction()

# jemalloc for a binary that runs for months: what one thread allocates another frees here, which glibc's malloc answers
# with a quarter of the CPU and with fragments. Sanitizers bring an allocator of their own.
function(sallyport_allocator target)
  if(NOT SALLYPORT_SANITIZE)
    target_link_libraries(${target} PRIVATE PkgConfig::jemalloc)
    target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/engine/app/allocator.cpp)
  endif()
endfunction()
