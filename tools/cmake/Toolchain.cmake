# Compiler, linker and warning settings that every target of ours shares.

find_program(SSLACT_CCACHE ccache)
if(SSLACT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # A precompiled header is only cached when ccache may ignore its time and its defines.
    set(launcher "${CMAKE_COMMAND}" -E env
        "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime"
        "${SSLACT_CCACHE}")
    set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

# The system's own linker: Debian's mold 1.10 makes programs that do not start when .tbss happens
# to end a page before the read-only data ("cannot apply additional memory protection").

# No build path in a binary, whoever builds it.
add_compile_options(
    "$<$<COMPILE_LANGUAGE:C,CXX>:-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=>"
    "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=>")

add_library(sslact_warnings INTERFACE)
target_compile_options(sslact_warnings INTERFACE
    $<$<COMPILE_LANGUAGE:C,CXX>:-Wall;-Wextra;-Wshadow;-Wvla;-Wpointer-arith;-Wformat=2>
    $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra>
    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition>
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual>)
if(SSLACT_WERROR)
    target_compile_options(sslact_warnings INTERFACE
        $<$<COMPILE_LANGUAGE:C,CXX>:-Werror>
        $<$<COMPILE_LANGUAGE:CUDA>:-Werror=all-warnings>)
endif()
target_compile_definitions(sslact_warnings INTERFACE _GNU_SOURCE)

if(SSLACT_SANITIZE)
    add_compile_options(-fsanitize=${SSLACT_SANITIZE} -fno-sanitize-recover=all
                        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${SSLACT_SANITIZE})
endif()
