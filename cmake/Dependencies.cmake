# SPDX-License-Identifier: Apache-2.0
# Imported targets for what tools/deps.sh brings: Arrow (from the pyarrow wheel), librdkafka, AWS CRT, the Spark
# Connect protocol (descriptors of the pyspark-client wheel) and Debian's packages.
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Protobuf REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(LIBEDIT REQUIRED IMPORTED_TARGET libedit)

set(SLUICE_PYTHON ${PROJECT_SOURCE_DIR}/.venv/bin/python)
file(GLOB arrow_dir ${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/pyarrow)
if(NOT arrow_dir)
  message(FATAL_ERROR "No Arrow in .venv: run 'make', which runs tools/deps.sh")
endif()
set(SLUICE_ARROW_DIR ${arrow_dir})
set(SLUICE_ARROW_SO 2600)
foreach(lib arrow arrow_compute parquet)
  add_library(Arrow::${lib} SHARED IMPORTED)
  set_target_properties(Arrow::${lib} PROPERTIES IMPORTED_LOCATION ${arrow_dir}/lib${lib}.so.${SLUICE_ARROW_SO})
  target_include_directories(Arrow::${lib} SYSTEM INTERFACE ${arrow_dir}/include)
endforeach()
target_link_libraries(Arrow::arrow_compute INTERFACE Arrow::arrow)
target_link_libraries(Arrow::parquet INTERFACE Arrow::arrow)

set(rdkafka_dir ${SLUICE_DEPS}/librdkafka-2.8.0)
add_library(RdKafka::rdkafka STATIC IMPORTED)
set_target_properties(RdKafka::rdkafka PROPERTIES IMPORTED_LOCATION ${rdkafka_dir}/lib/librdkafka.a)
target_include_directories(RdKafka::rdkafka SYSTEM INTERFACE ${rdkafka_dir}/include)
# Its macros for calls with options are GNU's statement expressions.
target_compile_options(RdKafka::rdkafka INTERFACE $<$<CXX_COMPILER_ID:Clang>:-Wno-gnu-statement-expression>)
find_library(SASL2_LIBRARY sasl2 REQUIRED)
find_library(ZSTD_LIBRARY zstd REQUIRED)
find_library(LZ4_LIBRARY lz4 REQUIRED)
find_library(Z_LIBRARY z REQUIRED)
target_link_libraries(RdKafka::rdkafka INTERFACE OpenSSL::SSL OpenSSL::Crypto ${SASL2_LIBRARY} ${ZSTD_LIBRARY}
                      ${LZ4_LIBRARY} ${Z_LIBRARY} Threads::Threads dl rt m)

list(APPEND CMAKE_PREFIX_PATH ${SLUICE_DEPS}/awscrt-0.38.0)
set(USE_OPENSSL ON)
find_package(aws-c-s3 REQUIRED)
find_package(aws-c-auth REQUIRED)
# src/env/s3/crt_runtime.cc says why.
set_property(TARGET AWS::aws-c-auth APPEND PROPERTY INTERFACE_LINK_OPTIONS
             LINKER:--wrap=X509_STORE_set_default_paths LINKER:--wrap=aws_byte_buf_append_dynamic)
# src/env/s3/child_process.cc says why.
set_property(TARGET AWS::aws-c-auth APPEND PROPERTY INTERFACE_LINK_OPTIONS LINKER:--wrap=popen LINKER:--wrap=pclose)

# The .proto files are never committed: the wheel's generated Python carries their descriptors.
set(proto_dir ${PROJECT_BINARY_DIR}/proto)
set(protos base catalog commands common expressions ml ml_common pipelines relations types)
set(proto_sources ${proto_dir}/google/rpc/status.pb.cc ${proto_dir}/google/rpc/error_details.pb.cc)
foreach(p ${protos})
  list(APPEND proto_sources ${proto_dir}/spark/connect/${p}.pb.cc)
endforeach()
# protoc before 3.15 knows optional fields only when it is told to.
set(protoc_flags $<$<VERSION_LESS:${Protobuf_VERSION},3.15>:--experimental_allow_proto3_optional>)
add_custom_command(
  OUTPUT ${proto_sources}
  COMMAND ${SLUICE_PYTHON} ${PROJECT_SOURCE_DIR}/tools/connect_descriptors.py ${proto_dir}/spark_connect.bin
  COMMAND ${PROTOBUF_PROTOC_EXECUTABLE} ${protoc_flags} --descriptor_set_in=${proto_dir}/spark_connect.bin --cpp_out=${proto_dir}
          spark/connect/base.proto spark/connect/catalog.proto spark/connect/commands.proto spark/connect/common.proto
          spark/connect/expressions.proto spark/connect/ml.proto spark/connect/ml_common.proto
          spark/connect/pipelines.proto spark/connect/relations.proto spark/connect/types.proto
          google/rpc/status.proto google/rpc/error_details.proto
  DEPENDS ${PROJECT_SOURCE_DIR}/tools/connect_descriptors.py
  COMMAND_EXPAND_LISTS)
add_library(spark_connect_proto STATIC ${proto_sources})
target_include_directories(spark_connect_proto SYSTEM PUBLIC ${proto_dir})
target_link_libraries(spark_connect_proto PUBLIC protobuf::libprotobuf)
target_compile_options(spark_connect_proto PRIVATE -w $<$<BOOL:${SLUICE_FUZZ}>:-fno-sanitize=all;-O0>)

# gRPC, from Debian's archives: a program that brings them all starts in half the time, and needs no 40 libraries. Only
# what the program shares with others (OpenSSL, protobuf, zlib) stays shared.
pkg_check_modules(GRPCPP REQUIRED grpc++)
add_library(SluiceGrpc INTERFACE)
set(grpc_archives "")
foreach(lib IN LISTS GRPCPP_STATIC_LIBRARIES)
  find_library(grpc_archive_${lib} NAMES lib${lib}.a PATHS ${GRPCPP_LIBRARY_DIRS})
  if(grpc_archive_${lib} AND NOT lib MATCHES "^(ssl|crypto|z|dl|rt|m|atomic|protobuf)$")
    list(APPEND grpc_archives ${grpc_archive_${lib}})
  endif()
endforeach()
list(REMOVE_DUPLICATES grpc_archives)
target_link_libraries(SluiceGrpc INTERFACE -Wl,--start-group ${grpc_archives} -Wl,--end-group protobuf::libprotobuf
                      OpenSSL::SSL OpenSSL::Crypto ZLIB::ZLIB Threads::Threads dl rt)
