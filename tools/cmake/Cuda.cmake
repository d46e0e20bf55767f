# libsslact_cuda.so: the kernels of cuda/ and torch's CUDA key, in a library that libsslact.so opens
# when a CUDA device is asked for. It links torch's CUDA libraries and a static CUDA runtime, so it
# can be built and opened on a machine without a driver.

set(SSLACT_CUDA AUTO CACHE STRING "build libsslact_cuda.so: AUTO (where nvcc is found), ON or OFF")
set_property(CACHE SSLACT_CUDA PROPERTY STRINGS AUTO ON OFF)
# Machine code for these, and PTX of the last, which the driver compiles for what comes after.
set(SSLACT_CUDA_ARCHITECTURES "80-real;90-real;100" CACHE STRING
    "CUDA architectures, as CMAKE_CUDA_ARCHITECTURES writes them")

if(SSLACT_CUDA STREQUAL "OFF")
    return()
endif()

# Why it cannot be built: an error with ON, a line with AUTO.
macro(sslact_cuda_give_up reason)
    if(SSLACT_CUDA STREQUAL "ON")
        message(FATAL_ERROR "SSLACT_CUDA is ON, but ${reason}")
    endif()
    message(STATUS "CUDA: not built, ${reason}")
    return()
endmacro()

if(SSLACT_SANITIZE)
    sslact_cuda_give_up("the sanitizers do not go with it")
endif()
if(NOT TARGET LibTorch::cuda)
    sslact_cuda_give_up("this LibTorch has no CUDA")
endif()
find_program(SSLACT_NVCC nvcc HINTS "$ENV{CUDA_HOME}/bin" "$ENV{CUDA_PATH}/bin"
             PATHS /usr/local/cuda/bin)
if(NOT SSLACT_NVCC)
    sslact_cuda_give_up("nvcc was not found")
endif()
if(NOT CMAKE_CUDA_COMPILER)
    set(CMAKE_CUDA_COMPILER "${SSLACT_NVCC}")
endif()
set(CMAKE_CUDA_ARCHITECTURES "${SSLACT_CUDA_ARCHITECTURES}")
include(CheckLanguage)
check_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER)
    sslact_cuda_give_up("${SSLACT_NVCC} does not work")
endif()
enable_language(CUDA)
if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 13.0)
    sslact_cuda_give_up("nvcc is ${CMAKE_CUDA_COMPILER_VERSION}, 13.0 or newer is needed")
endif()
find_package(CUDAToolkit REQUIRED)
message(STATUS "CUDA ${CMAKE_CUDA_COMPILER_VERSION}: ${CMAKE_CUDA_COMPILER}, "
               "architectures ${SSLACT_CUDA_ARCHITECTURES}")

set(CMAKE_CUDA_STANDARD 17) # CMake 3.25 knows no later one for nvcc
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_EXTENSIONS OFF)
set(CMAKE_CUDA_VISIBILITY_PRESET hidden)
if(launcher)
    set(CMAKE_CUDA_COMPILER_LAUNCHER ${launcher}) # ccache, as Toolchain.cmake found it
endif()

file(GLOB SSLACT_CUDA_SOURCES CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/cuda/*.cu")
add_library(sslact_cuda_kernels OBJECT ${SSLACT_CUDA_SOURCES})
target_include_directories(sslact_cuda_kernels PRIVATE "${PROJECT_SOURCE_DIR}/include")
sslact_include_rooms(sslact_cuda_kernels cuda ${SSLACT_ROOM_cuda_ROOMS})
target_link_libraries(sslact_cuda_kernels PRIVATE sslact_warnings)
# No fused multiply-add: the C kernels have none, and the two are to agree to the last digits.
target_compile_options(sslact_cuda_kernels PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:-fmad=false>)
string(REPLACE ";" ", " SSLACT_CUDA_ARCHITECTURE_TEXT "${SSLACT_CUDA_ARCHITECTURES}")
string(REPLACE "-real" "" SSLACT_CUDA_ARCHITECTURE_TEXT "${SSLACT_CUDA_ARCHITECTURE_TEXT}")
target_compile_definitions(sslact_cuda_kernels PRIVATE
    "SSLACT_CUDA_VERSION=\"${CUDAToolkit_VERSION_MAJOR}.${CUDAToolkit_VERSION_MINOR}\""
    "SSLACT_CUDA_ARCHITECTURES=\"sm_${SSLACT_CUDA_ARCHITECTURE_TEXT}\"")

# torch's CUDA key: the only files here that see a header of torch's. The checks are compiled once
# more, because libsslact.so exports nothing of them.
file(GLOB SSLACT_CUDA_OP_SOURCES CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/plugin/torch_ops_cuda*.cpp")
add_library(sslact_cuda_ops OBJECT ${SSLACT_CUDA_OP_SOURCES}
    "${PROJECT_SOURCE_DIR}/plugin/torch_ops_check.cpp"
    "${PROJECT_SOURCE_DIR}/plugin/torch_ops_roi_align_check.cpp")
target_include_directories(sslact_cuda_ops PRIVATE "${PROJECT_SOURCE_DIR}/include")
target_include_directories(sslact_cuda_ops SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS})
sslact_include_rooms(sslact_cuda_ops plugin base kernels cuda ops)
target_link_libraries(sslact_cuda_ops PRIVATE sslact_warnings sslact_dep_torch)
target_precompile_headers(sslact_cuda_ops REUSE_FROM sslact_torch_headers)

# Of the C rooms what the checks call: an archive, so that the rest stays out.
add_library(sslact_cuda_c STATIC EXCLUDE_FROM_ALL
    $<TARGET_OBJECTS:room_base> $<TARGET_OBJECTS:room_kernels>)

add_library(sslact_cuda SHARED
    $<TARGET_OBJECTS:sslact_cuda_kernels> $<TARGET_OBJECTS:sslact_cuda_ops>)
set_target_properties(sslact_cuda PROPERTIES
    LINKER_LANGUAGE CXX
    LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}"
    BUILD_RPATH "${LibTorch_DIR}/lib"
    INSTALL_RPATH "\$ORIGIN;${LibTorch_DIR}/lib"
    LINK_DEPENDS "${PROJECT_SOURCE_DIR}/plugin/sslact_cuda.map")
target_link_libraries(sslact_cuda PRIVATE sslact_cuda_c LibTorch::cuda CUDA::cudart_static
    sslact_dep_spdlog Threads::Threads ${CMAKE_DL_LIBS})
target_link_options(sslact_cuda PRIVATE
    "-Wl,--version-script=${PROJECT_SOURCE_DIR}/plugin/sslact_cuda.map"
    "-Wl,-z,nodelete" "-Wl,--exclude-libs,ALL" "-Wl,--no-undefined" "-Wl,--allow-shlib-undefined")
