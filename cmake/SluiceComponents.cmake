# SPDX-License-Identifier: Apache-2.0
# What the program is made of. From this list come `sluice --version --verbose` (components.inc) and the bill of
# materials that is installed with it (sluice.cdx.json, CycloneDX 1.5). tests/checks/test_built_files.py compares it with
# what the program asks the loader for.
set(component_rows "")
set(component_json "")

# linkage: static, shared, or source (headers and generated code). `files` are hashed; a shared one's names tell it apart.
function(sluice_component name version license linkage purl)
  string(APPEND component_rows "    {\"${name}\", \"${version}\", \"${license}\", \"${linkage}\"},\n")
  set(hashes "")
  foreach(file IN LISTS ARGN)
    file(REAL_PATH ${file} real)
    file(SHA256 ${real} hash)
    get_filename_component(file_name ${file} NAME)
    string(APPEND hashes ",\n        {\"name\": \"sha256:${file_name}\", \"value\": \"${hash}\"}")
  endforeach()
  string(APPEND component_json ",\n    {\n      \"type\": \"library\",\n      \"name\": \"${name}\",\n"
         "      \"version\": \"${version}\",\n      \"purl\": \"${purl}\",\n"
         "      \"licenses\": [{\"expression\": \"${license}\"}],\n"
         "      \"properties\": [\n        {\"name\": \"sluice:linkage\", \"value\": \"${linkage}\"}${hashes}\n      ]\n    }")
  set(component_rows "${component_rows}" PARENT_SCOPE)
  set(component_json "${component_json}" PARENT_SCOPE)
endfunction()

foreach(module libzstd liblz4 libsasl2 zlib grpc++ absl_base re2 libcares)
  pkg_check_modules(${module} REQUIRED QUIET ${module})
endforeach()
set(arrow_files "")
foreach(lib arrow arrow_compute parquet)
  list(APPEND arrow_files ${SLUICE_ARROW_DIR}/lib${lib}.so.${SLUICE_ARROW_SO})
endforeach()
file(GLOB crt_files ${SLUICE_DEPS}/awscrt-0.38.0/lib/*.a)

sluice_component("Apache Arrow C++" 26.0.1 Apache-2.0 shared pkg:pypi/pyarrow@26.0.1 ${arrow_files})
sluice_component("AWS CRT" 0.38.0 Apache-2.0 static pkg:pypi/awscrt@0.38.0 ${crt_files})
sluice_component(librdkafka 2.8.0 BSD-2-Clause static pkg:deb/debian/librdkafka@2.8.0-1 ${rdkafka_dir}/lib/librdkafka.a)
# RE2's own file names no version.
execute_process(COMMAND dpkg-query -W -f "\${source:Upstream-Version}" libre2-dev OUTPUT_VARIABLE re2_version ERROR_QUIET)
if(NOT re2_version)
  set(re2_version ${re2_VERSION})
endif()
foreach(archive IN LISTS grpc_archives)
  get_filename_component(name ${archive} NAME)
  if(name MATCHES "^lib(grpc|gpr|upb|address_sorting)")
    list(APPEND grpc_own_archives ${archive})
  elseif(name MATCHES "^libabsl_")
    list(APPEND absl_archives ${archive})
  elseif(name STREQUAL libre2.a)
    set(re2_archive ${archive})
  elseif(name STREQUAL libcares.a)
    set(cares_archive ${archive})
  endif()
endforeach()
sluice_component(gRPC ${grpc++_VERSION} Apache-2.0 static pkg:deb/debian/libgrpc++-dev@${grpc++_VERSION} ${grpc_own_archives})
sluice_component(Abseil ${absl_base_VERSION} Apache-2.0 static pkg:deb/debian/libabsl-dev@${absl_base_VERSION} ${absl_archives})
sluice_component(RE2 ${re2_version} BSD-3-Clause static pkg:deb/debian/libre2-dev@${re2_version} ${re2_archive})
sluice_component(c-ares ${libcares_VERSION} MIT static pkg:deb/debian/libc-ares-dev@${libcares_VERSION} ${cares_archive})
sluice_component("Spark Connect protocol" ${SLUICE_SPARK_VERSION} Apache-2.0 source pkg:pypi/pyspark-client@${SLUICE_SPARK_VERSION})
sluice_component(CLI11 ${CLI11_VERSION} BSD-3-Clause source pkg:deb/debian/libcli11-dev@${CLI11_VERSION})
sluice_component("JSON for Modern C++" ${nlohmann_json_VERSION} MIT source pkg:deb/debian/nlohmann-json3-dev@${nlohmann_json_VERSION})
sluice_component(OpenSSL ${OPENSSL_VERSION} Apache-2.0 shared pkg:deb/debian/libssl3@${OPENSSL_VERSION})
sluice_component("Protocol Buffers" ${Protobuf_VERSION} BSD-3-Clause shared pkg:deb/debian/libprotobuf@${Protobuf_VERSION})
sluice_component("Cyrus SASL" ${libsasl2_VERSION} BSD-4-Clause shared pkg:deb/debian/libsasl2-2@${libsasl2_VERSION})
sluice_component(PCRE2 ${PCRE2_VERSION} BSD-3-Clause shared pkg:deb/debian/libpcre2-8-0@${PCRE2_VERSION})
sluice_component(libedit ${LIBEDIT_VERSION} BSD-3-Clause shared pkg:deb/debian/libedit2@${LIBEDIT_VERSION})
sluice_component(Zstandard ${libzstd_VERSION} BSD-3-Clause shared pkg:deb/debian/libzstd1@${libzstd_VERSION})
sluice_component(LZ4 ${liblz4_VERSION} BSD-2-Clause shared pkg:deb/debian/liblz4-1@${liblz4_VERSION})
sluice_component(zlib ${zlib_VERSION} Zlib shared pkg:deb/debian/zlib1g@${zlib_VERSION})
sluice_component(fmt ${fmt_VERSION} MIT shared pkg:deb/debian/libfmt9@${fmt_VERSION})
sluice_component(spdlog ${spdlog_VERSION} MIT shared pkg:deb/debian/libspdlog1.10@${spdlog_VERSION})

file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/components.inc CONTENT "${component_rows}" @ONLY)
string(SUBSTRING "${component_json}" 1 -1 component_json)
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/sluice.cdx.json @ONLY CONTENT
"{
  \"bomFormat\": \"CycloneDX\",
  \"specVersion\": \"1.5\",
  \"version\": 1,
  \"metadata\": {\"component\": {\"type\": \"application\", \"name\": \"sluice\", \"version\": \"${PROJECT_VERSION}\"}},
  \"components\": [${component_json}
  ]
}
")
set_property(SOURCE src/cli/version.cc APPEND PROPERTY INCLUDE_DIRECTORIES ${PROJECT_BINARY_DIR}/generated)
install(FILES ${PROJECT_BINARY_DIR}/sluice.cdx.json DESTINATION ${CMAKE_INSTALL_DATADIR}/sluice)
