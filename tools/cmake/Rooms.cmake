# Reads rooms.txt and makes one object library a room, named room_<name>, whose include path holds
# the headers of its row and nothing else. The headers of room X are found as "X/name.h" through
# a folder that holds a single link, so a forbidden edge does not compile.

file(STRINGS "${CMAKE_CURRENT_LIST_DIR}/rooms.txt" SSLACT_ROOM_LINES REGEX "^[a-z]")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/rooms.txt")

set(SSLACT_ROOMS "")
foreach(line IN LISTS SSLACT_ROOM_LINES)
    string(REGEX REPLACE "[ \t]+" ";" columns "${line}")
    list(GET columns 0 name)
    list(APPEND SSLACT_ROOMS ${name})
    list(GET columns 1 SSLACT_ROOM_${name}_FOLDER)
    list(GET columns 2 SSLACT_ROOM_${name}_LANGUAGE)
    list(GET columns 3 rooms)
    list(GET columns 4 libraries)
    string(REPLACE "," ";" SSLACT_ROOM_${name}_ROOMS "${rooms}")
    string(REPLACE "," ";" SSLACT_ROOM_${name}_LIBRARIES "${libraries}")
    list(REMOVE_ITEM SSLACT_ROOM_${name}_ROOMS "-")
    list(REMOVE_ITEM SSLACT_ROOM_${name}_LIBRARIES "-")
    file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/rooms/${name}")
    file(CREATE_LINK "${PROJECT_SOURCE_DIR}/${SSLACT_ROOM_${name}_FOLDER}"
         "${PROJECT_BINARY_DIR}/rooms/${name}/${name}" SYMBOLIC)
endforeach()

# Adds the include folders of the given rooms to a target.
function(sslact_include_rooms target)
    foreach(room IN LISTS ARGN)
        target_include_directories(${target} PRIVATE "${PROJECT_BINARY_DIR}/rooms/${room}")
    endforeach()
endfunction()

# Sources that call at::parallel_for need OpenMP: without it that template runs on one thread, and
# says nothing. GCC only, because torch brings GCC's runtime and a process should have one.
function(sslact_use_threads)
    if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        return()
    endif()
    foreach(source IN LISTS ARGN)
        file(STRINGS "${source}" calls REGEX "at::parallel_for" LIMIT_COUNT 1)
        if(calls)
            set_source_files_properties("${source}" PROPERTIES
                COMPILE_OPTIONS -fopenmp SKIP_PRECOMPILE_HEADERS ON)
        endif()
    endforeach()
endfunction()

# Makes the object library of one room from the sources in its folder.
function(sslact_add_room name)
    set(folder "${PROJECT_SOURCE_DIR}/${SSLACT_ROOM_${name}_FOLDER}")
    if(SSLACT_ROOM_${name}_LANGUAGE STREQUAL "cuda")
        return() # Cuda.cmake makes a library of its own from it
    endif()
    file(GLOB sources CONFIGURE_DEPENDS "${folder}/*.c" "${folder}/*.cpp")
    if(name STREQUAL "plugin")
        list(FILTER sources EXCLUDE REGEX "/torch_ops[^/]*$")
    endif()
    if(NOT sources)
        return()
    endif()
    sslact_use_threads(${sources})
    add_library(room_${name} OBJECT ${sources})
    target_include_directories(room_${name} PRIVATE "${PROJECT_SOURCE_DIR}/include")
    sslact_include_rooms(room_${name} ${name} ${SSLACT_ROOM_${name}_ROOMS})
    target_link_libraries(room_${name} PRIVATE sslact_warnings)
    foreach(library IN LISTS SSLACT_ROOM_${name}_LIBRARIES)
        target_link_libraries(room_${name} PRIVATE sslact_dep_${library})
    endforeach()
    if("torch" IN_LIST SSLACT_ROOM_${name}_LIBRARIES)
        target_precompile_headers(room_${name} REUSE_FROM sslact_torch_headers)
    endif()
endfunction()
