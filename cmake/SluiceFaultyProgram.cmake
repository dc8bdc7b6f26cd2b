# SPDX-License-Identifier: Apache-2.0
# `faulty_sluice`, for tests/crash: the program with counting, failing wrappers around file systems and Kafka.
add_executable(faulty_sluice EXCLUDE_FROM_ALL src/cli/main.cc tests/crash/faulty_seams.cc tests/crash/faulty_consumer.cc)
target_link_libraries(faulty_sluice PRIVATE sluice_cli)
foreach(symbol _ZN6sluice19MakeRdKafkaConsumerENS_12ClientConfigEPNS_12MemoryBudgetE
               _ZN6sluice19MakeLocalFileSystemEv _ZN6sluice16MakeS3FileSystemENS_8S3ConfigE)
  target_link_options(faulty_sluice PRIVATE -Wl,--wrap=${symbol})
endforeach()
set_target_properties(faulty_sluice PROPERTIES BUILD_RPATH ${SLUICE_ARROW_DIR} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
