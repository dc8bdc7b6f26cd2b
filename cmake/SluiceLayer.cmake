# SPDX-License-Identifier: Apache-2.0
# sluice_layer(name): src/<name> as one static library, linked to every layer above it in SLUICE_LAYERS, and its
# *_test.cc files as the program <name>_test. Sources are found by name, so no test on disk can be forgotten.
add_custom_target(layer_order ALL
  COMMAND ${SLUICE_PYTHON} ${PROJECT_SOURCE_DIR}/tools/check_layers.py --quiet
  COMMENT "Checking the layer order")
enable_testing()

set(SLUICE_LINK_base Arrow::arrow Arrow::arrow_compute spdlog::spdlog fmt::fmt nlohmann_json::nlohmann_json Threads::Threads)
set(SLUICE_LINK_env AWS::aws-c-s3 AWS::aws-c-auth)
set(SLUICE_LINK_expr PkgConfig::PCRE2 OpenSSL::Crypto ZLIB::ZLIB)
# src/connectors/kafka/tls_versions.cc and unpack_limit.h say why.
set(SLUICE_LINK_connectors Arrow::parquet RdKafka::rdkafka -Wl,--wrap=SSL_CTX_new -Wl,--wrap=rd_gz_decompress
    -Wl,--wrap=rd_kafka_lz4_decompress -Wl,--wrap=rd_kafka_snappy_uncompressed_length
    -Wl,--wrap=rd_kafka_snappy_java_uncompress)
set(SLUICE_LINK_analysis spark_connect_proto)
set(SLUICE_LINK_exec Arrow::parquet)
set(SLUICE_LINK_service ZLIB::ZLIB)
set(SLUICE_LINK_connect SluiceGrpc)
set(SLUICE_LINK_cli CLI11::CLI11 PkgConfig::LIBEDIT)
find_package(ZLIB REQUIRED)
if(SLUICE_TESTS)
  find_package(GTest REQUIRED)
endif()

# ctest runs a program by a runner that goes on with its other tests when one ends it.
function(sluice_gtest name)
  add_test(NAME ${name} COMMAND ${SLUICE_PYTHON} ${PROJECT_SOURCE_DIR}/tools/run_gtest.py $<TARGET_FILE:${name}>)
endfunction()

function(sluice_layer name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$|/main\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(NOT sources)
    return()
  endif()
  add_library(sluice_${name} STATIC ${sources})
  target_include_directories(sluice_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
  set(above "")
  foreach(layer IN LISTS SLUICE_LAYERS)
    if(layer STREQUAL name)
      break()
    endif()
    if(TARGET sluice_${layer})
      list(PREPEND above sluice_${layer})
    endif()
  endforeach()
  target_link_libraries(sluice_${name} PUBLIC ${above} ${SLUICE_LINK_${name}})
  target_compile_definitions(sluice_${name} PRIVATE SLUICE_VERSION="${PROJECT_VERSION}" SLUICE_SPARK_VERSION="${SLUICE_SPARK_VERSION}")
  sluice_precompile(sluice_${name} ${name})
  add_dependencies(sluice_${name} layer_order)
  if(SLUICE_TESTS AND tests)
    add_executable(${name}_test ${tests})
    if(SLUICE_SANITIZE STREQUAL thread)
      target_sources(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/tests/tsan/c11_threads.cc)
    endif()
    target_link_libraries(${name}_test PRIVATE sluice_${name} GTest::gtest GTest::gmock GTest::gtest_main)
    target_compile_definitions(${name}_test PRIVATE SLUICE_VERSION="${PROJECT_VERSION}" SLUICE_SPARK_VERSION="${SLUICE_SPARK_VERSION}")
    sluice_source_dir(${tests})
    set_target_properties(${name}_test PROPERTIES BUILD_RPATH ${SLUICE_ARROW_DIR})
    # A precompiled header fits only code of the same -fPIC; programs would get -fPIE.
    set_target_properties(${name}_test PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${name}_test PRIVATE -fPIC)
    target_precompile_headers(${name}_test REUSE_FROM sluice_${name})
    sluice_gtest(${name}_test)
    set_property(GLOBAL APPEND PROPERTY SLUICE_TEST_SOURCES ${tests})
  endif()
endfunction()

# The path of the checkout is given only to the tests that read recordings there: other objects are the same in every
# checkout, and ccache shares them.
function(sluice_source_dir)
  foreach(test IN LISTS ARGN)
    file(STRINGS ${test} uses REGEX SLUICE_SOURCE_DIR LIMIT_COUNT 1)
    if(uses)
      set_property(SOURCE ${test} APPEND PROPERTY COMPILE_DEFINITIONS SLUICE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    endif()
  endforeach()
endfunction()

# Arrow's headers cost seconds a file; layers that know the plan's messages precompile those too.
function(sluice_precompile target layer)
  set(headers <string> <vector> <memory> <map> <optional> <arrow/api.h>)
  if(layer MATCHES "^(analysis|session|service|channel|client|connect)$")
    list(APPEND headers <spark/connect/base.pb.h>)
  endif()
  target_precompile_headers(${target} PRIVATE ${headers})
  set(names "")
  foreach(header IN LISTS headers)
    string(APPEND names " ${header}")
  endforeach()
  file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/CMakeFiles/${target}.dir/cmake_pch.hxx.gch.sum CONTENT
       "${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_BUILD_TYPE} ${SLUICE_SANITIZE} ${SLUICE_ARROW_SO} ${SLUICE_SPARK_VERSION} \
${Protobuf_VERSION}${names}\n")
endfunction()
