# What component "sdk" puts below a prefix.
include(CMakePackageConfigHelpers)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/rigger-sdk-config-version.cmake
  VERSION ${RIGGER_SDK_VERSION} COMPATIBILITY SameMajorVersion ARCH_INDEPENDENT)
configure_file(cmake/rigger-sdk.pc.in ${CMAKE_CURRENT_BINARY_DIR}/rigger-sdk.pc @ONLY)

install(DIRECTORY include/rigger DESTINATION include COMPONENT sdk FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
install(FILES
    cmake/rigger-sdk-config.cmake cmake/rigger-plugin.cmake cmake/rigger-plugin.map
    cmake/rigger-check-exports.cmake cmake/rigger-complete-manifest.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/rigger-sdk-config-version.cmake
  DESTINATION lib/cmake/rigger-sdk COMPONENT sdk)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/rigger-sdk.pc DESTINATION lib/pkgconfig COMPONENT sdk)
foreach(folder schemas template)
  if(IS_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/${folder})
    install(DIRECTORY ${folder} DESTINATION share/rigger/sdk COMPONENT sdk)
  endif()
endforeach()
