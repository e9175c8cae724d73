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
install(DIRECTORY schemas template abi DESTINATION share/rigger/sdk COMPONENT sdk
  PATTERN CMakeLists.txt EXCLUDE PATTERN as_cpp.cpp EXCLUDE)
install(DIRECTORY template/common DESTINATION share/rigger/sdk/template COMPONENT sdk) # its CMakeLists.txt is a template
install(FILES tools/freeze_abi.py tools/anchor.c DESTINATION share/rigger/sdk/tools COMPONENT sdk)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/docs/plugins DESTINATION share/doc/rigger-sdk COMPONENT sdk)
