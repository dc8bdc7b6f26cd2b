# SPDX-License-Identifier: Apache-2.0
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
find_program(CCACHE ccache)
if(CCACHE)
  # Several build folders share one cache; precompiled headers need the sloppiness. g++ never writes the same
  # precompiled header twice, so a checksum of what goes into it stands for its bytes (sluice_precompile writes it).
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_PCH_EXTSUM=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ccache)
endif()
add_compile_options(-Wall -Wextra -Wpedantic -Werror -Wno-unused-parameter -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # g++ 12 reports these falsely inside inlined std::string and Arrow code.
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds -fpch-preprocess)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  # ccache keeps precompiled headers only without their time.
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
endif()
if(SLUICE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
# Hardening: canaries on stacks, checked string functions (they need optimisation), guarded indirect jumps, and tables of
# functions that are read-only once the program is loaded.
add_compile_options(-fstack-protector-strong)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  add_compile_options(-fcf-protection=full)
endif()
if(CMAKE_BUILD_TYPE STREQUAL Release)
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
add_link_options(LINKER:-z,relro,-z,now,-z,noexecstack $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie>)
set(CMAKE_CXX_FLAGS_FUZZ "-O1 -g1 -fno-omit-frame-pointer")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1 -fno-omit-frame-pointer")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
add_link_options(-fuse-ld=lld)
# libparquet exports a whole OpenSSL of its own. Whoever is loaded first gives its functions to all, so the system's
# libraries come before everything else: otherwise TLS calls jump between two OpenSSLs.
add_link_options("SHELL:LINKER:--push-state,--no-as-needed -lssl -lcrypto LINKER:--pop-state")
if(SLUICE_SANITIZE)
  add_compile_options(-fsanitize=${SLUICE_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SLUICE_SANITIZE})
  if(SLUICE_SANITIZE MATCHES undefined)
    # libarrow is built without type information that the vptr check could compare.
    add_compile_options(-fno-sanitize=vptr)
  endif()
endif()
