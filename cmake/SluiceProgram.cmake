# SPDX-License-Identifier: Apache-2.0
# The program `sluice`, the shared library behind include/sluice/, the examples, and how they are installed.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# A Python program that is part of a library, as a list of bytes.
function(sluice_python_text program user)
  get_filename_component(name ${program} NAME_WE)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${program})
  file(READ ${PROJECT_SOURCE_DIR}/${program} bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/${name}.inc CONTENT "${bytes}" @ONLY)
  set_property(SOURCE ${user} APPEND PROPERTY INCLUDE_DIRECTORIES ${PROJECT_BINARY_DIR}/generated)
endfunction()
sluice_python_text(src/cli/submit_runner.py src/cli/submit_command.cc)
sluice_python_text(src/python/worker_runner.py src/python/worker_daemon.cc)

add_executable(sluice src/cli/main.cc)
target_link_libraries(sluice PRIVATE sluice_cli)
set_target_properties(sluice PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})

# Only sluice:: is exported: a program may bring a librdkafka, protobuf or CRT of its own.
set(SLUICE_EXPORTS ${PROJECT_SOURCE_DIR}/cmake/exports.map)
add_library(sluice_library SHARED $<TARGET_OBJECTS:sluice_client>)
target_link_libraries(sluice_library PRIVATE sluice_client)
target_include_directories(sluice_library PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(sluice_library PUBLIC cxx_std_20)
target_link_options(sluice_library PRIVATE -Wl,--version-script=${SLUICE_EXPORTS} -Wl,--undefined-version)
set_target_properties(sluice_library PROPERTIES OUTPUT_NAME sluice EXPORT_NAME sluice VERSION ${PROJECT_VERSION} SOVERSION 0
                      LINK_DEPENDS ${SLUICE_EXPORTS}
                      LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

# Debian's archives of gRPC do not fit into a shared library, and its shared ones are 40 that only programs with a
# server need: the way to one is a module that the library loads.
add_library(sluice_remote MODULE src/connect/grpc_transport.cc src/connect/transport_module.cc)
target_include_directories(sluice_remote PRIVATE src ${GRPCPP_INCLUDE_DIRS})
target_link_libraries(sluice_remote PRIVATE grpc++ grpc gpr)
target_link_directories(sluice_remote PRIVATE ${GRPCPP_LIBRARY_DIRS})
target_compile_options(sluice_remote PRIVATE -fvisibility=hidden)
set_target_properties(sluice_remote PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
add_dependencies(sluice_library sluice_remote)

add_custom_target(examples)
file(GLOB examples CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*.cc)
foreach(source IN LISTS examples)
  get_filename_component(name ${source} NAME_WE)
  add_executable(example_${name} ${source})
  target_link_libraries(example_${name} PRIVATE sluice_library)
  set_target_properties(example_${name} PROPERTIES OUTPUT_NAME ${name} BUILD_RPATH ${SLUICE_ARROW_DIR}
                        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/examples)
  add_dependencies(examples example_${name})
endforeach()

install(TARGETS sluice RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS sluice_library EXPORT sluice LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS sluice_remote LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})

# Where a file looks for libraries: in the build tree the wheel's folder, installed a folder relative to its own. CMake's
# own way pads the first with colons, and the empty entry behind a colon is the current folder of whoever runs the program.
function(sluice_library_path target installed_file installed_path)
  set_target_properties(${target} PROPERTIES BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH ${SLUICE_ARROW_DIR})
  install(CODE "file(RPATH_CHANGE FILE \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${installed_file}\"
                OLD_RPATH \"${SLUICE_ARROW_DIR}\" NEW_RPATH \"${installed_path}\")")
endfunction()
sluice_library_path(sluice ${CMAKE_INSTALL_BINDIR}/sluice "\\$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
sluice_library_path(sluice_library ${CMAKE_INSTALL_LIBDIR}/libsluice.so.${PROJECT_VERSION} "\\$ORIGIN")
sluice_library_path(sluice_remote ${CMAKE_INSTALL_LIBDIR}/libsluice_remote.so "\\$ORIGIN")
# What the program says of itself: its manual page and the completion of its words.
foreach(said "man|man/man1/sluice.1" "completion bash|bash-completion/completions/sluice")
  string(REPLACE "|" ";" said "${said}")
  list(GET said 0 words)
  list(GET said 1 file)
  string(REPLACE " " ";" words "${words}")
  get_filename_component(folder ${CMAKE_INSTALL_DATADIR}/${file} DIRECTORY)
  install(CODE "file(MAKE_DIRECTORY \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${folder}\")
                execute_process(COMMAND \"${PROJECT_BINARY_DIR}/sluice\" ${words} COMMAND_ERROR_IS_FATAL ANY
                  OUTPUT_FILE \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/${file}\")")
endforeach()
install(DIRECTORY include/sluice DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
foreach(lib arrow arrow_compute parquet)
  install(FILES ${SLUICE_ARROW_DIR}/lib${lib}.so.${SLUICE_ARROW_SO} DESTINATION ${CMAKE_INSTALL_LIBDIR})
endforeach()
install(EXPORT sluice NAMESPACE sluice:: FILE sluice-config.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/sluice)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/sluice-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/sluice-config-version.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/sluice)
