# SPDX-License-Identifier: Apache-2.0
# The program `sluice` and the C++ example of the README.
if(EXISTS ${PROJECT_SOURCE_DIR}/src/cli/main.cc)
  add_executable(sluice src/cli/main.cc)
  target_link_libraries(sluice PRIVATE sluice_cli)
  set_target_properties(sluice PROPERTIES BUILD_RPATH ${SLUICE_ARROW_DIR} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
endif()
