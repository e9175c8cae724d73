# The project's own build vocabulary: one library per folder, one test binary per library, one module per plugin.
find_package(Threads REQUIRED)
find_package(GTest REQUIRED)

add_library(rigger_options INTERFACE)
target_compile_options(rigger_options INTERFACE -Wall -Wextra -Wconversion -Wshadow -Wno-psabi -fno-omit-frame-pointer
  $<$<BOOL:${RIGGER_WERROR}>:-Werror>
  $<$<AND:$<BOOL:${CMAKE_UNITY_BUILD}>,$<COMPILE_LANG_AND_ID:CXX,GNU>>:-Wno-subobject-linkage>) # means headers; a source is included like one
target_include_directories(rigger_options INTERFACE ${CMAKE_SOURCE_DIR}/core)
# Half-optimised debug info keeps RelWithDebInfo builds small and quick on two cores.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
# Sanitizer and fuzz builds: the time goes into compiling, which -O1 doubles, and not into running. Line tables only.
set(CMAKE_CXX_FLAGS_SANITIZE "-O0 -g1")
set(CMAKE_C_FLAGS_SANITIZE "-O0 -g1")
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(RIGGER_PATIENCE 1) # what the time limits of tests are multiplied by, and the deadlines of those with real processes
if(RIGGER_SANITIZE)
  set(RIGGER_PATIENCE 5)
  # Depth of the stack, libFuzzer's smallest help, is counted in static thread-local storage, with which no plugin is let in.
  if(RIGGER_SANITIZE MATCHES fuzzer)
    add_compile_options(-fno-sanitize-coverage=stack-depth)
  endif()
  # Left out: null, because ASan sees the access; vptr and function, because types are hidden and every plugin has its own.
  add_compile_options(-fsanitize=${RIGGER_SANITIZE} -fno-sanitize=null,vptr $<$<CXX_COMPILER_ID:Clang>:-fno-sanitize=function> -fno-sanitize-recover=all)
  add_compile_definitions(RIGGER_SANITIZED) # for what a sanitizer cannot do, or does slowly
  add_link_options(-fsanitize=${RIGGER_SANITIZE})
endif()
find_program(RIGGER_MOLD mold)
if(RIGGER_MOLD AND NOT RIGGER_SANITIZE)
  add_link_options(-fuse-ld=mold)
endif()

# rigger_time_limit(<test> <seconds>): for a build without sanitizers.
function(rigger_time_limit test seconds)
  math(EXPR limit "${seconds} * ${RIGGER_PATIENCE}")
  set_tests_properties(${test} PROPERTIES TIMEOUT ${limit})
endfunction()

# rigger_library(<target> <source>... [DEPS <target>...] [PRIVATE_DEPS <target>...])
function(rigger_library target)
  cmake_parse_arguments(P "" "" "DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(${target} STATIC ${P_UNPARSED_ARGUMENTS})
  target_link_libraries(${target} PUBLIC rigger_options ${P_DEPS} PRIVATE ${P_PRIVATE_DEPS})
endfunction()

# rigger_test(<target> <source>... [DEPS ...]): a GoogleTest binary, registered with CTest as one test per binary.
function(rigger_test target)
  cmake_parse_arguments(P "" "TIMEOUT" "DEPS;LABELS" ${ARGN})
  # The target exists without tests too, so that its properties may be set; it is only not built then.
  add_executable(${target} EXCLUDE_FROM_ALL ${P_UNPARSED_ARGUMENTS})
  if(RIGGER_TESTS)
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL OFF)
  endif()
  target_link_libraries(${target} PRIVATE rigger_options ${P_DEPS} GTest::gmock GTest::gtest GTest::gtest_main Threads::Threads)
  # Half as long to compile as with -O2, and not slower to run: what is tested is in the libraries.
  target_compile_options(${target} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)
  if(NOT P_TIMEOUT)
    set(P_TIMEOUT 300)
  endif()
  add_test(NAME ${target} COMMAND ${target})
  rigger_time_limit(${target} ${P_TIMEOUT})
  set_tests_properties(${target} PROPERTIES LABELS "${P_LABELS}")
endfunction()

# rigger_modules(<variable> <directory>): the plugins in the directory and below.
function(rigger_modules out directory)
  set(found)
  get_property(targets DIRECTORY ${directory} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target ${targets})
    get_target_property(type ${target} TYPE)
    if(type STREQUAL MODULE_LIBRARY)
      list(APPEND found ${target})
    endif()
  endforeach()
  get_property(below DIRECTORY ${directory} PROPERTY SUBDIRECTORIES)
  foreach(one ${below})
    rigger_modules(more ${one})
    list(APPEND found ${more})
  endforeach()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

add_custom_target(fuzzers)

# rigger_fuzz(<target> <source>... [DEPS ...]): a fuzz target in build/fuzz/ and a test of the same name. With RIGGER_FUZZ (clang) it is a libFuzzer
# binary: `./dev fuzz` runs it for as long as one likes, the test for a fixed number of inputs. Without, the test runs the seeds in
# tests/fuzz/seeds/<target> and some variations of them.
function(rigger_fuzz target)
  if(NOT RIGGER_FUZZ AND NOT RIGGER_TESTS)
    return()
  endif()
  cmake_parse_arguments(P "" "" "DEPS" ${ARGN})
  add_executable(${target} ${P_UNPARSED_ARGUMENTS})
  target_link_libraries(${target} PRIVATE rigger_options ${P_DEPS})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  add_dependencies(fuzzers ${target})
  set(seeds ${CMAKE_SOURCE_DIR}/tests/fuzz/seeds/${target})
  if(RIGGER_FUZZ)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    # In a fresh build the same inputs every time; the time is a limit, not a measure. What the target learns is kept in corpus/, never in the seeds.
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz/corpus/${target})
    add_test(NAME ${target} COMMAND ${target} -seed=1 -runs=20000 -max_total_time=20 -timeout=20 -rss_limit_mb=2048 -verbosity=0 corpus/${target} ${seeds}
      WORKING_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  else()
    if(NOT TARGET rigger_replay_seeds)
      add_library(rigger_replay_seeds OBJECT ${CMAKE_SOURCE_DIR}/tests/fuzz/replay_seeds.cpp)
      target_link_libraries(rigger_replay_seeds PRIVATE rigger_options)
    endif()
    target_link_libraries(${target} PRIVATE rigger_replay_seeds)
    add_test(NAME ${target} COMMAND ${target} ${seeds})
  endif()
  rigger_time_limit(${target} 120)
  set_tests_properties(${target} PROPERTIES LABELS fuzz)
endfunction()
