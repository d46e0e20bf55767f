# Finds LibTorch 2.11.0 and defines LibTorch::cpu (libtorch_cpu, libc10 and their headers), and
# LibTorch::cuda (libtorch_cuda, libc10_cuda on top of it) where this LibTorch has CUDA.
#
# Looked at, in this order: SSLACT_TORCH_DIR (variable or environment), CMAKE_PREFIX_PATH, the
# torch of python3, build/deps/torch as tools/setup leaves it. torch's own CMake package is not
# used: it demands a CUDA toolkit even for a program that runs on the CPU only.

set(LibTorch_REQUIRED_VERSION "2.11.0")

function(_libtorch_read_version folder out)
    set(${out} "" PARENT_SCOPE)
    set(header "${folder}/include/torch/headeronly/version.h")
    if(NOT EXISTS "${header}")
        set(header "${folder}/include/torch/version.h")
    endif()
    if(NOT EXISTS "${header}")
        set(header "${folder}/include/torch/csrc/api/include/torch/version.h")
    endif()
    if(EXISTS "${header}")
        file(STRINGS "${header}" line REGEX "#define TORCH_VERSION_(MAJOR|MINOR|PATCH)")
        string(REGEX REPLACE "[^0-9;]" "" numbers "${line}")
        string(REPLACE ";" "." version "${numbers}")
        set(${out} "${version}" PARENT_SCOPE)
    endif()
endfunction()

set(_libtorch_candidates "")
if(SSLACT_TORCH_DIR)
    list(APPEND _libtorch_candidates "${SSLACT_TORCH_DIR}")
endif()
if(DEFINED ENV{SSLACT_TORCH_DIR})
    list(APPEND _libtorch_candidates "$ENV{SSLACT_TORCH_DIR}")
endif()
foreach(prefix IN LISTS CMAKE_PREFIX_PATH)
    list(APPEND _libtorch_candidates "${prefix}" "${prefix}/torch")
endforeach()
find_program(SSLACT_PYTHON3 python3)
if(SSLACT_PYTHON3)
    execute_process(
        COMMAND "${SSLACT_PYTHON3}" -c
                "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0])"
        OUTPUT_VARIABLE _libtorch_python OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
        RESULT_VARIABLE _libtorch_python_failed)
    if(NOT _libtorch_python_failed)
        list(APPEND _libtorch_candidates "${_libtorch_python}")
    endif()
endif()
list(APPEND _libtorch_candidates "${PROJECT_SOURCE_DIR}/build/deps/torch")

set(LibTorch_DIR "")
set(_libtorch_seen "")
foreach(candidate IN LISTS _libtorch_candidates)
    if(LibTorch_DIR OR NOT EXISTS "${candidate}/lib/libtorch_cpu.so")
        continue()
    endif()
    _libtorch_read_version("${candidate}" _libtorch_version)
    if(_libtorch_version STREQUAL LibTorch_REQUIRED_VERSION)
        set(LibTorch_DIR "${candidate}")
    else()
        string(APPEND _libtorch_seen "\n  ${candidate} has version '${_libtorch_version}'")
    endif()
endforeach()

if(NOT LibTorch_DIR)
    message(FATAL_ERROR "LibTorch ${LibTorch_REQUIRED_VERSION} was not found: run tools/setup, "
                        "or set SSLACT_TORCH_DIR to the folder torch/ of its wheel${_libtorch_seen}")
endif()
message(STATUS "LibTorch ${_libtorch_version}: ${LibTorch_DIR}")

foreach(name IN ITEMS torch_cpu c10)
    add_library(LibTorch::${name} SHARED IMPORTED)
    set_target_properties(LibTorch::${name} PROPERTIES
        IMPORTED_LOCATION "${LibTorch_DIR}/lib/lib${name}.so"
        IMPORTED_SONAME "lib${name}.so")
endforeach()
add_library(LibTorch::cpu INTERFACE IMPORTED)
target_include_directories(LibTorch::cpu SYSTEM INTERFACE
    "${LibTorch_DIR}/include" "${LibTorch_DIR}/include/torch/csrc/api/include")
# One header an operator: a file compiles what it calls, not two thousand declarations.
target_compile_definitions(LibTorch::cpu INTERFACE AT_PER_OPERATOR_HEADERS)
target_link_libraries(LibTorch::cpu INTERFACE LibTorch::torch_cpu LibTorch::c10)

if(EXISTS "${LibTorch_DIR}/lib/libtorch_cuda.so" AND
   EXISTS "${LibTorch_DIR}/include/c10/cuda/CUDAStream.h")
    foreach(name IN ITEMS torch_cuda c10_cuda)
        add_library(LibTorch::${name} SHARED IMPORTED)
        set_target_properties(LibTorch::${name} PROPERTIES
            IMPORTED_LOCATION "${LibTorch_DIR}/lib/lib${name}.so"
            IMPORTED_SONAME "lib${name}.so")
    endforeach()
    add_library(LibTorch::cuda INTERFACE IMPORTED)
    # Named even where no symbol of it is used: it registers torch's CUDA backend when it is loaded.
    target_link_options(LibTorch::cuda INTERFACE "-Wl,--no-as-needed")
    target_link_libraries(LibTorch::cuda INTERFACE
        LibTorch::torch_cuda LibTorch::c10_cuda LibTorch::cpu)
endif()
