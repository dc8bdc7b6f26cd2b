# SPDX-License-Identifier: Apache-2.0
# The programs of `make bench`: target `bench`, no part of the default build.
add_custom_target(bench)
foreach(program produce raw_consume naive ready_columns)
  add_executable(bench_${program} EXCLUDE_FROM_ALL bench/${program}.cc)
  target_link_libraries(bench_${program} PRIVATE RdKafka::rdkafka Arrow::parquet Arrow::arrow Threads::Threads)
  set_target_properties(bench_${program} PROPERTIES OUTPUT_NAME ${program} BUILD_RPATH ${SLUICE_ARROW_DIR}
                        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
  add_dependencies(bench bench_${program})
endforeach()

add_executable(bench_write_table EXCLUDE_FROM_ALL bench/write_table.cc)
target_link_libraries(bench_write_table PRIVATE sluice_connectors)
set_target_properties(bench_write_table PROPERTIES OUTPUT_NAME write_table BUILD_RPATH ${SLUICE_ARROW_DIR}
                      RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
add_executable(bench_run_queries EXCLUDE_FROM_ALL bench/run_queries.cc)
target_link_libraries(bench_run_queries PRIVATE sluice_client)
set_target_properties(bench_run_queries PROPERTIES OUTPUT_NAME run_queries BUILD_RPATH ${SLUICE_ARROW_DIR}
                      RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
add_executable(bench_empty EXCLUDE_FROM_ALL bench/empty.cc)
target_link_libraries(bench_empty PRIVATE Arrow::parquet Arrow::arrow_compute Arrow::arrow)
target_link_options(bench_empty PRIVATE LINKER:--no-as-needed)
set_target_properties(bench_empty PROPERTIES OUTPUT_NAME empty BUILD_RPATH ${SLUICE_ARROW_DIR}
                      RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
add_dependencies(bench bench_write_table bench_run_queries bench_empty)

# Micro-benchmarks, in the same target where Google Benchmark is: build/release/bench/<layer>_bench.
find_package(benchmark QUIET)
if(benchmark_FOUND)
  foreach(layer expr checkpoint connectors exec)
    add_executable(${layer}_bench EXCLUDE_FROM_ALL bench/${layer}_bench.cc)
    target_link_libraries(${layer}_bench PRIVATE sluice_${layer} benchmark::benchmark)
    set_target_properties(${layer}_bench PROPERTIES BUILD_RPATH ${SLUICE_ARROW_DIR}
                          RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
    add_dependencies(bench ${layer}_bench)
  endforeach()
endif()
