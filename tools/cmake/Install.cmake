# Installed files. A consumer needs a C compiler and these; torch is ours to find, not theirs.

include(CMakePackageConfigHelpers)

install(TARGETS sslact EXPORT sslact-targets LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
if(TARGET sslact_cuda)
    # Beside libsslact.so, which looks for it there. Nobody links it.
    install(TARGETS sslact_cuda LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
endif()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/sslact" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        FILES_MATCHING PATTERN "*.h")
install(EXPORT sslact-targets NAMESPACE sslact:: FILE sslact-targets.cmake
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/sslact")
configure_package_config_file("${PROJECT_SOURCE_DIR}/plugin/sslact-config.cmake.in"
    "${PROJECT_BINARY_DIR}/sslact-config.cmake"
    INSTALL_DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/sslact")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/sslact-config-version.cmake"
    VERSION ${PROJECT_VERSION} COMPATIBILITY SameMajorVersion)
install(FILES "${PROJECT_BINARY_DIR}/sslact-config.cmake"
              "${PROJECT_BINARY_DIR}/sslact-config-version.cmake"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/sslact")
file(RELATIVE_PATH SSLACT_PC_TO_PREFIX
    "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
configure_file("${PROJECT_SOURCE_DIR}/plugin/sslact.pc.in" "${PROJECT_BINARY_DIR}/sslact.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/sslact.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
