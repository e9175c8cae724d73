# rig_add_plugin(<target> ID <reverse.dns.id> SOURCES <file>...
#                [VERSION <semver>] [MANIFEST plugin.yaml] [MIN_ABI <minor>] [OUTPUT_DIRECTORY <dir>])
#
# Builds <id>.so, which exports exactly rig_plugin_v1, and beside it plugin.yaml, in <build>/plugins/<id>/: the folder that
# `rigger plugins install` takes. The manifest is MANIFEST with what only the build knows (library digest) filled in; without
# MANIFEST one is made from ID, VERSION and what the library shows (its kind, the services it names).
#   VERSION   default: the manifest's `version:`, else the project's version. RIG_PLUGIN_ID and RIG_PLUGIN_VERSION are defined
#             for the sources, so that RIG_PLUGIN(RIG_PLUGIN_ID, RIG_PLUGIN_VERSION, ...) cannot disagree with the manifest.
#   MIN_ABI   compile against this older minor: names that were added later do not exist.
# Under a compiler without a build type the plugin is compiled with -O2: a scorer at -O0 would miss its deadlines.
# GCC and Clang, Linux.
find_program(RIG_B2SUM b2sum)

function(_rig_machine out)
  string(TOLOWER "${CMAKE_SYSTEM_PROCESSOR}" machine)
  if(machine STREQUAL "amd64")
    set(machine x86_64)
  elseif(machine STREQUAL "arm64")
    set(machine aarch64)
  endif()
  set(${out} "${machine}" PARENT_SCOPE)
endfunction()

function(_rig_sanitized out)
  get_directory_property(options COMPILE_OPTIONS)
  set(${out} FALSE PARENT_SCOPE)
  if("${options} ${CMAKE_CXX_FLAGS} ${CMAKE_C_FLAGS}" MATCHES "-fsanitize=")
    set(${out} TRUE PARENT_SCOPE)
  endif()
endfunction()

function(rig_add_plugin target)
  cmake_parse_arguments(P "" "ID;VERSION;MIN_ABI;MANIFEST;OUTPUT_DIRECTORY" "SOURCES" ${ARGN})
  if(P_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "rig_add_plugin(${target}): unknown arguments: ${P_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT P_ID MATCHES "^[a-z][a-z0-9-]*(\\.[a-z0-9][a-z0-9-]*)+$")
    message(FATAL_ERROR "rig_add_plugin(${target}): ID '${P_ID}' is not a reverse DNS name such as com.example.mine")
  endif()
  if(NOT P_SOURCES)
    message(FATAL_ERROR "rig_add_plugin(${target}): SOURCES are missing")
  endif()
  if(NOT RIG_B2SUM)
    message(FATAL_ERROR "rig_add_plugin(${target}): b2sum (coreutils) is needed to write the library's digest into plugin.yaml")
  endif()

  set(manifest "")
  if(P_MANIFEST)
    get_filename_component(manifest "${P_MANIFEST}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
    if(NOT EXISTS "${manifest}")
      message(FATAL_ERROR "rig_add_plugin(${target}): MANIFEST ${manifest} does not exist")
    endif()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${manifest}")
    file(READ "${manifest}" text)
    if(NOT P_VERSION AND "\n${text}" MATCHES "\nversion:[ \t]*[\"']?([^ \t\n\"'#]+)")
      set(P_VERSION "${CMAKE_MATCH_1}")
    endif()
  endif()
  if(NOT P_VERSION)
    set(P_VERSION "${PROJECT_VERSION}")
  endif()
  if(NOT P_VERSION)
    message(FATAL_ERROR "rig_add_plugin(${target}): give VERSION, or project(... VERSION ...), or version: in the manifest")
  endif()
  set(dir "${CMAKE_BINARY_DIR}/plugins/${P_ID}")
  if(P_OUTPUT_DIRECTORY)
    set(dir "${P_OUTPUT_DIRECTORY}")
  endif()

  add_library(${target} MODULE ${P_SOURCES})
  target_link_libraries(${target} PRIVATE rig::sdk)
  set_target_properties(${target} PROPERTIES
    PREFIX "" SUFFIX ".so" OUTPUT_NAME "${P_ID}" CXX_EXTENSIONS OFF LIBRARY_OUTPUT_DIRECTORY "${dir}"
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS "${RIG_SDK_CMAKE_DIR}/rigger-plugin.map;${manifest};${RIG_SDK_CMAKE_DIR}/rigger-complete-manifest.cmake"
    RIG_PLUGIN_ID "${P_ID}" RIG_PLUGIN_DIRECTORY "${dir}")
  set_property(GLOBAL APPEND PROPERTY RIG_PLUGIN_TARGETS ${target})
  target_compile_definitions(${target} PRIVATE RIG_PLUGIN_ID="${P_ID}" RIG_PLUGIN_VERSION="${P_VERSION}")
  if(DEFINED P_MIN_ABI)
    target_compile_definitions(${target} PRIVATE RIG_ABI_TARGET=${P_MIN_ABI})
  endif()
  # Arithmetic that vectorises and gives the same bits on every machine: no traps, no errno, no fused multiply-add that one
  # clone of a function has and another lacks.
  target_compile_options(${target} PRIVATE
    -fno-trapping-math -fno-math-errno -ffp-contract=off
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique> $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fvect-cost-model=dynamic>)
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES AND NOT "${CMAKE_CXX_FLAGS} ${CMAKE_C_FLAGS}" MATCHES "-O[0-9sgz]")
    target_compile_options(${target} PRIVATE -O2)
  endif()
  _rig_sanitized(sanitized)
  set(defs LINKER:-z,defs)
  if(sanitized AND CMAKE_CXX_COMPILER_ID MATCHES "Clang") # the sanitizer's runtime is in the executable there
    set(defs "")
  endif()
  # --as-needed: a package's target may bring what its other parts need, and a library that no manifest names is refused.
  target_link_options(${target} PRIVATE LINKER:--as-needed
    "LINKER:--version-script=${RIG_SDK_CMAKE_DIR}/rigger-plugin.map" LINKER:--exclude-libs,ALL ${defs}
    LINKER:-z,now LINKER:-z,relro LINKER:-z,nodelete LINKER:-z,noexecstack LINKER:--build-id=sha1)
  # A plugin that exports anything but its entry point is refused by the host; refuse it at build time as well.
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -DFILE=$<TARGET_FILE:${target}> -DNM=${CMAKE_NM} -P "${RIG_SDK_CMAKE_DIR}/rigger-check-exports.cmake" VERBATIM)
  rig_complete_manifest(${target} ID "${P_ID}" VERSION "${P_VERSION}" MANIFEST "${manifest}" DIRECTORY "${dir}")
endfunction()

# Writes DIRECTORY/plugin.yaml after each link of the target. rig_add_plugin calls it; a target that is built in another way may too.
function(rig_complete_manifest target)
  cmake_parse_arguments(P "" "ID;VERSION;MANIFEST;DIRECTORY" "" ${ARGN})
  _rig_machine(machine)
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -DFILE=$<TARGET_FILE:${target}> -DID=${P_ID} -DVERSION=${P_VERSION} -DMANIFEST=${P_MANIFEST}
            -DOUT=${P_DIRECTORY}/plugin.yaml -DARCH=${machine} -DB2SUM=${RIG_B2SUM}
            -P "${RIG_SDK_CMAKE_DIR}/rigger-complete-manifest.cmake" VERBATIM)
endfunction()
