# libsslact.so: every room's objects, the torch op registrations, hidden symbols, one symbol map.

file(GLOB SSLACT_TORCH_OP_SOURCES CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/plugin/torch_ops*.cpp")
list(FILTER SSLACT_TORCH_OP_SOURCES EXCLUDE REGEX "torch_ops_cuda")
if(SSLACT_TORCH_OP_SOURCES)
    # An object library of its own: the inner tests and libsslact.so each hold one copy, no program
    # holds two, because torch aborts on a second registration of a name space.
    sslact_use_threads(${SSLACT_TORCH_OP_SOURCES})
    add_library(sslact_torch_ops OBJECT ${SSLACT_TORCH_OP_SOURCES})
    target_include_directories(sslact_torch_ops PRIVATE "${PROJECT_SOURCE_DIR}/include")
    sslact_include_rooms(sslact_torch_ops plugin base kernels ops)
    target_link_libraries(sslact_torch_ops PRIVATE sslact_warnings sslact_dep_torch)
    target_precompile_headers(sslact_torch_ops REUSE_FROM sslact_torch_headers)
endif()

set(SSLACT_ROOM_OBJECTS "")
foreach(room IN LISTS SSLACT_ROOMS)
    if(TARGET room_${room})
        list(APPEND SSLACT_ROOM_OBJECTS $<TARGET_OBJECTS:room_${room}>)
        if(NOT room STREQUAL "plugin")
            list(APPEND SSLACT_INNER_OBJECTS $<TARGET_OBJECTS:room_${room}>)
            if(SSLACT_ROOM_${room}_LANGUAGE STREQUAL "c")
                list(APPEND SSLACT_INNER_C_OBJECTS $<TARGET_OBJECTS:room_${room}>)
            endif()
        endif()
    endif()
endforeach()
if(TARGET sslact_torch_ops)
    list(APPEND SSLACT_ROOM_OBJECTS $<TARGET_OBJECTS:sslact_torch_ops>)
endif()

set(SSLACT_BUILT_WITH_CUDA "")
if(TARGET sslact_cuda)
    set(SSLACT_BUILT_WITH_CUDA "${CUDAToolkit_VERSION_MAJOR}.${CUDAToolkit_VERSION_MINOR}")
endif()
set_source_files_properties("${PROJECT_SOURCE_DIR}/plugin/cuda_library.cpp" PROPERTIES
    COMPILE_DEFINITIONS "SSLACT_BUILT_WITH_CUDA=\"${SSLACT_BUILT_WITH_CUDA}\"")

set(SSLACT_C_LIBRARIES sslact_dep_spdlog sslact_dep_libav sslact_dep_yaml sslact_dep_jansson
    sslact_dep_zip sslact_dep_expat Threads::Threads ${CMAKE_DL_LIBS} m)

add_library(sslact SHARED ${SSLACT_ROOM_OBJECTS})
add_library(sslact::sslact ALIAS sslact)
set_target_properties(sslact PROPERTIES
    LINKER_LANGUAGE CXX
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}
    LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}"
    BUILD_RPATH "${LibTorch_DIR}/lib"
    INSTALL_RPATH "\$ORIGIN;${LibTorch_DIR}/lib"
    LINK_DEPENDS "${PROJECT_SOURCE_DIR}/plugin/sslact.map")
target_include_directories(sslact INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(sslact PRIVATE ${SSLACT_C_LIBRARIES} sslact_dep_torch)
target_link_options(sslact PRIVATE
    "-Wl,--version-script=${PROJECT_SOURCE_DIR}/plugin/sslact.map"
    "-Wl,-z,nodelete" "-Wl,--exclude-libs,ALL")
if(NOT SSLACT_SANITIZE)
    target_link_options(sslact PRIVATE "-Wl,--no-undefined" "-Wl,--allow-shlib-undefined")
endif()

if(SSLACT_TESTS)
    # What the inner tests link: the rooms as archives, so that a test of one room pulls in that
    # room only. sslact_inner adds the C++ rooms, torch and the op registrations.
    add_library(sslact_inner_c STATIC EXCLUDE_FROM_ALL ${SSLACT_INNER_C_OBJECTS})
    target_link_libraries(sslact_inner_c PUBLIC ${SSLACT_C_LIBRARIES})
    set_target_properties(sslact_inner_c PROPERTIES LINKER_LANGUAGE CXX)
    add_library(sslact_inner STATIC EXCLUDE_FROM_ALL ${SSLACT_INNER_OBJECTS})
    target_link_libraries(sslact_inner PUBLIC ${SSLACT_C_LIBRARIES} sslact_dep_torch)
    set_target_properties(sslact_inner PROPERTIES LINKER_LANGUAGE CXX)
endif()

include(Install)
