# The libraries of docs/architecture.md, one interface target each; a room links those of its row.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(LibTorch REQUIRED)
find_package(spdlog REQUIRED)
pkg_check_modules(SSLACT_LIBAV REQUIRED IMPORTED_TARGET
    libavformat libavcodec libavutil libswscale)
pkg_check_modules(SSLACT_YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(SSLACT_JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(SSLACT_ZIP REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(SSLACT_EXPAT REQUIRED IMPORTED_TARGET expat)

foreach(name IN ITEMS libav yaml jansson zip expat)
    string(TOUPPER ${name} upper)
    add_library(sslact_dep_${name} INTERFACE)
    target_link_libraries(sslact_dep_${name} INTERFACE PkgConfig::SSLACT_${upper})
endforeach()
add_library(sslact_dep_spdlog INTERFACE)
target_link_libraries(sslact_dep_spdlog INTERFACE spdlog::spdlog)
add_library(sslact_dep_torch INTERFACE)
target_link_libraries(sslact_dep_torch INTERFACE LibTorch::cpu)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # For at::parallel_for. Torch's own copy has the same soname, so a process has one of them.
    target_link_libraries(sslact_dep_torch INTERFACE gomp)
endif()

# torch's headers, precompiled once for every C++ room.
file(WRITE "${PROJECT_BINARY_DIR}/torch_headers.cpp" "")
add_library(sslact_torch_headers OBJECT "${PROJECT_BINARY_DIR}/torch_headers.cpp")
target_link_libraries(sslact_torch_headers PRIVATE sslact_warnings sslact_dep_torch)
target_precompile_headers(sslact_torch_headers PRIVATE
    "${PROJECT_SOURCE_DIR}/tools/cmake/torch_precompiled.h")
