# SPDX-License-Identifier: Apache-2.0
# tests/fuzz: one target a file. With SLUICE_FUZZ (clang) the program sluice_fuzz runs them under libFuzzer; otherwise
# fuzz_replay_test runs each over its corpus, with any compiler.
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/*.cc)
list(FILTER fuzz_sources EXCLUDE REGEX "replay_test\\.cc$|libfuzzer_entry\\.cc$")
set(fuzz_libraries sluice_service spark_connect_proto)

if(SLUICE_FUZZ)
  add_executable(sluice_fuzz ${PROJECT_SOURCE_DIR}/tests/fuzz/libfuzzer_entry.cc ${fuzz_sources})
  target_link_libraries(sluice_fuzz PRIVATE ${fuzz_libraries})
  target_link_options(sluice_fuzz PRIVATE -fsanitize=fuzzer)
  set_target_properties(sluice_fuzz PROPERTIES BUILD_RPATH ${SLUICE_ARROW_DIR})
elseif(SLUICE_TESTS)
  add_executable(fuzz_replay_test ${PROJECT_SOURCE_DIR}/tests/fuzz/replay_test.cc ${fuzz_sources})
  target_link_libraries(fuzz_replay_test PRIVATE ${fuzz_libraries} GTest::gtest GTest::gtest_main)
  sluice_source_dir(${PROJECT_SOURCE_DIR}/tests/fuzz/replay_test.cc)
  set_target_properties(fuzz_replay_test PROPERTIES BUILD_RPATH ${SLUICE_ARROW_DIR})
  sluice_gtest(fuzz_replay_test)
endif()
