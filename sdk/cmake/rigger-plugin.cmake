# rig_add_plugin(<target> ID <reverse.dns.id> [MIN_ABI <minor>] SOURCES ... [MANIFEST plugin.yaml])
# Builds <id>.so that exports exactly rig_plugin_v1, beside its completed manifest, in <build>/plugins/<id>/.
function(rig_add_plugin target)
  cmake_parse_arguments(P "" "ID;MIN_ABI;MANIFEST" "SOURCES" ${ARGN})
  add_library(${target} MODULE ${P_SOURCES})
  target_link_libraries(${target} PRIVATE rig::sdk)
  set(dir "${CMAKE_BINARY_DIR}/plugins/${P_ID}")
  set_target_properties(${target} PROPERTIES
    PREFIX "" OUTPUT_NAME "${P_ID}" CXX_EXTENSIONS OFF LIBRARY_OUTPUT_DIRECTORY "${dir}"
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS "${RIG_SDK_CMAKE_DIR}/rigger-plugin.map")
  if(DEFINED P_MIN_ABI)
    target_compile_definitions(${target} PRIVATE RIG_ABI_TARGET=${P_MIN_ABI})
  endif()
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique> -fno-trapping-math -fno-math-errno)
  target_link_options(${target} PRIVATE
    "LINKER:--version-script=${RIG_SDK_CMAKE_DIR}/rigger-plugin.map" LINKER:--exclude-libs,ALL
    LINKER:-z,defs LINKER:-z,now LINKER:-z,relro LINKER:-z,nodelete LINKER:-z,noexecstack LINKER:--build-id=sha1)
  # A plugin that exports anything but its entry point is refused by the host; refuse it at build time as well.
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -DFILE=$<TARGET_FILE:${target}> -DNM=${CMAKE_NM} -P "${RIG_SDK_CMAKE_DIR}/rigger-check-exports.cmake" VERBATIM)
  if(P_MANIFEST)
    add_custom_command(TARGET ${target} POST_BUILD
      COMMAND ${CMAKE_COMMAND} -E copy "${CMAKE_CURRENT_SOURCE_DIR}/${P_MANIFEST}" "${dir}/plugin.yaml" VERBATIM)
  endif()
endfunction()
