# SPDX-License-Identifier: Apache-2.0
# Programs that test what failures leave behind. The linker puts wrappers around file systems and Kafka's consumer, so
# that the product has no hook for faults.
set(kafka_seam _ZN6sluice19MakeRdKafkaConsumerENS_12ClientConfigEPNS_12MemoryBudgetE)
set(file_seams _ZN6sluice19MakeLocalFileSystemENS_10LocalModesE _ZN6sluice16MakeS3FileSystemENS_8S3ConfigE)

# `faulty_sluice`, for tests/crash: the whole program, whose k-th call fails.
add_executable(faulty_sluice EXCLUDE_FROM_ALL src/cli/main.cc tests/crash/faulty_seams.cc tests/crash/faulty_consumer.cc)
target_link_libraries(faulty_sluice PRIVATE sluice_cli)
foreach(symbol IN LISTS kafka_seam file_seams)
  target_link_options(faulty_sluice PRIVATE -Wl,--wrap=${symbol})
endforeach()
set_target_properties(faulty_sluice PROPERTIES BUILD_RPATH ${SLUICE_ARROW_DIR} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})

# Random histories in one process.
if(SLUICE_TESTS)
  file(GLOB histories CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/histories/*.cc)
  add_executable(histories_test ${histories} tests/crash/faulty_consumer.cc)
  target_include_directories(histories_test PRIVATE tests/crash)
  target_link_libraries(histories_test PRIVATE sluice_streaming GTest::gtest GTest::gtest_main)
  target_link_options(histories_test PRIVATE -Wl,--wrap=${kafka_seam})
  set_target_properties(histories_test PROPERTIES BUILD_RPATH ${SLUICE_ARROW_DIR})
  sluice_gtest(histories_test)
endif()
