// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string_view>

#include "conf/conf.h"
#include "conf/sql_settings.h"

namespace sluice {
namespace {

constexpr auto kHonoured = SettingUse::kHonoured;
constexpr auto kMeaningless = SettingUse::kMeaningless;
constexpr auto kRefused = SettingUse::kRefused;

const std::vector<Setting>& OwnSettings() {
  static const auto* table = new std::vector<Setting>{
      {"spark.app.name", SettingType::kString, "sluice", kHonoured, "Name of the application: kept, and given back."},
      {"spark.driver.cores", SettingType::kString, "", kMeaningless, "One process: no driver."},
      {"spark.driver.extraClassPath", SettingType::kString, "", kMeaningless, "No JVM."},
      {"spark.driver.extraJavaOptions", SettingType::kString, "", kMeaningless, "No JVM."},
      {"spark.driver.memory", SettingType::kString, "", kMeaningless, "See spark.sluice.memory."},
      {"spark.dynamicAllocation.enabled", SettingType::kString, "", kMeaningless, "One process: no executors."},
      {"spark.eventLog.dir", SettingType::kString, "", kMeaningless, "No event log."},
      {"spark.eventLog.enabled", SettingType::kString, "", kMeaningless, "No event log."},
      {"spark.executor.cores", SettingType::kString, "", kMeaningless, "One process: no executors."},
      {"spark.executor.extraClassPath", SettingType::kString, "", kMeaningless, "No JVM."},
      {"spark.executor.extraJavaOptions", SettingType::kString, "", kMeaningless, "No JVM."},
      {"spark.executor.pyspark.memory", SettingType::kBytes, "0", kHonoured,
       "Address space of one Python worker; a function that needs more fails. 0: no limit."},
      {"spark.executor.instances", SettingType::kString, "", kMeaningless, "One process: no executors."},
      {"spark.executor.memory", SettingType::kString, "", kMeaningless, "See spark.sluice.memory."},
      {"spark.jars", SettingType::kString, "", kMeaningless, "Kafka and S3 are built in: no jars."},
      {"spark.jars.packages", SettingType::kString, "", kMeaningless, "Kafka and S3 are built in: no jars."},
      {"spark.jars.repositories", SettingType::kString, "", kMeaningless, "Kafka and S3 are built in: no jars."},
      {"spark.master", SettingType::kString, "local[*]", kMeaningless,
       "One process on this machine; spark.sluice.threads sets its tasks."},
      {"spark.pyspark.driver.python", SettingType::kString, "", kHonoured,
       "The Python of `sluice submit`; empty: spark.pyspark.python."},
      {"spark.pyspark.python", SettingType::kString, "", kHonoured,
       "The Python that runs Python functions; empty: PYSPARK_PYTHON, else python3. Its version must be the client's."},
      {"spark.serializer", SettingType::kString, "", kMeaningless, "Rows are never serialised."},
      {"spark.sluice.allowForeignSinkEntries", SettingType::kBool, "false", kRefused,
       "Skipping batches that another writer committed, as Spark does in silence, loses rows."},
      {"spark.sluice.badRecords.maxPerBatch", SettingType::kInt, "1000", kHonoured,
       "With more bad records than this in a batch the query fails after all; 0: no limit.", 0},
      {"spark.sluice.badRecords.maxRatio", SettingType::kRatio, "1.0", kHonoured,
       "With a larger share of bad records than this in a batch the query fails after all."},
      {"spark.sluice.badRecords.path", SettingType::kString, "", kHonoured,
       "Folder where a record whose evaluation fails is set aside as a JSON line, instead of failing the query."},
      {"spark.sluice.badRecords.replay", SettingType::kBool, "false", kHonoured,
       "True: the query puts the records that were set aside through once more, as one batch, and ends."},
      {"spark.sluice.kafka.commitGroup", SettingType::kString, "", kHonoured,
       "Consumer group to which the end of each committed batch is written, for Kafka's own tools; never read. The "
       "option commitGroup of a source wins."},
      {"spark.sluice.log.format", SettingType::kString, "text", kHonoured,
       "text, or json: each log line a JSON object (also --log-format)."},
      {"spark.sluice.memory", SettingType::kBytes, "128m", kHonoured,
       "Accounted bytes of the process: Kafka prefetch, columns, Parquet row groups, uploads (also --memory)."},
      {"spark.sluice.metrics.address", SettingType::kString, "127.0.0.1", kHonoured,
       "Address on which the metrics are served; anything but loopback lets others read them."},
      {"spark.sluice.metrics.hosts", SettingType::kString, "", kHonoured,
       "Host names, with commas, that requests for the metrics may be for. Addresses, localhost, names without a dot "
       "and "
       "this machine's name always may; others get 403, since a web page could point them here."},
      {"spark.sluice.metrics.port", SettingType::kInt, "0", kHonoured,
       "Port for /metrics (Prometheus), /health and /ready while a query runs (also --metrics-port); 0: none.", 0},
      {"spark.sluice.metrics.stuckAfter", SettingType::kDurationMs, "10m", kHonoured,
       "/ready answers 503 when no batch and no look at an idle source has ended for this long."},
      {"spark.sluice.parquet.rowGroupBytes", SettingType::kBytes, "16m", kHonoured,
       "A row group ends after this many bytes of input values. Recorded with each batch.", 1},
      {"spark.sluice.privateFiles", SettingType::kBool, "false", kHonoured,
       "True: on a local disk the files and folders of checkpoints and bad records are made 0600 and 0700, whatever "
       "the "
       "umask. Those that are there keep their modes."},
      {"spark.sluice.progress", SettingType::kString, "none", kHonoured,
       "How the batches of a query are shown: auto, bar, lines, json or none (sluice run --progress; there auto)."},
      {"spark.sluice.query.timeout", SettingType::kDurationMs, "0", kHonoured,
       "A batch query that takes longer ends with an error; 0: none does. Streaming queries have no end to wait for."},
      {"spark.sluice.s3.allowUnconditionalWrites", SettingType::kBool, "false", kHonoured,
       "Go on with an S3 store that ignores If-None-Match. Exactly once then rests on there being one writer."},
      {"spark.sluice.s3.caBundle", SettingType::kString, "", kHonoured,
       "PEM file of trusted authorities for S3 over TLS; empty: AWS_CA_BUNDLE, else the system's usual places."},
      {"spark.sluice.shutdownTimeout", SettingType::kDurationMs, "30s", kHonoured,
       "After SIGINT or SIGTERM the running batch has this long to finish before it is given up."},
      {"spark.sluice.stopOnSignal", SettingType::kBool, "false", kHonoured,
       "True: SIGINT and SIGTERM let the queries of a C++ program finish their batches, and awaitTermination returns "
       "(sluice run does so always). A second signal gives batches up."},
      {"spark.sluice.streaming.disconnectTimeout", SettingType::kDurationMs, "60s", kHonoured,
       "With spark.sluice.streaming.stopOnDisconnect: how long a client whose connection broke may take to come back."},
      {"spark.sluice.streaming.stopOnDisconnect", SettingType::kBool, "false", kHonoured,
       "True: the streaming queries of a session stop when its Spark Connect client has gone (pyspark.md)."},
      {"spark.sluice.threads", SettingType::kInt, "0", kHonoured, "Tasks that run at once; 0: one a processor.", 0},
      {"spark.sql.adaptive.enabled", SettingType::kString, "true", kMeaningless, "No shuffles between machines."},
      {"spark.sql.ansi.doubleQuotedIdentifiers", SettingType::kBool, "false", kHonoured,
       "True: \"a b\" is a name, not a string; with spark.sql.ansi.enabled only."},
      {"spark.sql.ansi.enabled", SettingType::kBool, "true", kHonoured,
       "True: a value that does not fit is an error (Spark 4). False: it becomes NULL (Spark 3)."},
      {"spark.sql.caseSensitive", SettingType::kBool, "false", kRefused, "Names are found without regard to case."},
      {"spark.sql.execution.pyspark.udf.idleTimeoutSeconds", SettingType::kInt, "0", kHonoured,
       "With killOnIdleTimeout, a Python worker that says nothing for so long is killed; 0: none is.", 0},
      {"spark.sql.execution.pyspark.udf.killOnIdleTimeout", SettingType::kBool, "false", kHonoured,
       "Whether idleTimeoutSeconds counts."},
      {"spark.sql.execution.pyspark.udf.simplifiedTraceback.enabled", SettingType::kBool, "true", kHonoured,
       "Tracebacks of Python functions leave out PySpark's own frames."},
      {"spark.sql.files.maxRecordsPerFile", SettingType::kInt, "0", kHonoured,
       "Rows of one part file at most; 0: no limit. The option maxRecordsPerFile of a sink wins."},
      {"spark.sql.parquet.compression.codec", SettingType::kString, "snappy", kHonoured,
       "snappy, zstd, gzip, lz4, lz4_raw, none. The option compression of a sink wins."},
      {"spark.sql.parquet.outputTimestampType", SettingType::kString, "INT96", kHonoured,
       "INT96, TIMESTAMP_MICROS or TIMESTAMP_MILLIS."},
      {"spark.sql.parser.escapedStringLiterals", SettingType::kBool, "false", kHonoured,
       "True: backslashes of SQL strings stay as they are written (Spark 1)."},
      {"spark.sql.session.timeZone", SettingType::kString, "", kHonoured,
       "Zone in which timestamps are printed and parsed; empty: the machine's."},
      {"spark.sql.shuffle.partitions", SettingType::kInt, "200", kHonoured,
       "Partitions of the state of a streaming query, for its whole life: recorded in offsets/N.", 1},
      {"spark.sql.sources.default", SettingType::kString, "parquet", kHonoured,
       "The format of batch reads and writes that name none."},
      {"spark.sql.sources.partitionColumnTypeInference.enabled", SettingType::kBool, "true", kHonoured,
       "False: columns that folders of a table stand for are STRING, whatever their values."},
      {"spark.sql.sources.partitionOverwriteMode", SettingType::kString, "static", kHonoured,
       "dynamic: a batch write that overwrites deletes only the partitions that its rows are of."},
      {"spark.sql.streaming.aggregation.stateFormatVersion", SettingType::kInt, "2", kHonoured,
       "1: values of an aggregation's state have its keys too, as Spark wrote them before 2.4. Recorded in offsets/N.",
       1},
      {"spark.sql.streaming.checkpointLocation", SettingType::kString, "", kHonoured,
       "Parent folder of checkpoints of queries without an option checkpointLocation."},
      {"spark.sql.streaming.commitProtocolClass", SettingType::kString, "", kRefused,
       "Part files are committed by the sink log."},
      {"spark.sql.streaming.disabledV2Writers", SettingType::kString, "", kMeaningless, "No V2 writers."},
      {"spark.sql.streaming.fileSink.log.cleanupDelay", SettingType::kDurationMs, "10m", kHonoured,
       "Sink log entries below a compaction are deleted when older than this."},
      {"spark.sql.streaming.fileSink.log.compactInterval", SettingType::kInt, "10", kHonoured,
       "Every so many batches the sink log is compacted.", 1},
      {"spark.sql.streaming.fileSink.log.deletion", SettingType::kBool, "true", kHonoured,
       "Delete sink log entries that a compaction made needless."},
      {"spark.sql.streaming.fileSource.log.cleanupDelay", SettingType::kDurationMs, "10m", kHonoured,
       "Entries of a file source's log below a compaction are deleted when older than this."},
      {"spark.sql.streaming.fileSource.log.compactInterval", SettingType::kInt, "10", kHonoured,
       "Every so many offsets a file source's log is compacted.", 1},
      {"spark.sql.streaming.fileSource.log.deletion", SettingType::kBool, "true", kHonoured,
       "Delete entries of a file source's log that a compaction made needless."},
      {"spark.sql.streaming.forceDeleteTempCheckpointLocation", SettingType::kBool, "false", kRefused,
       "Sluice makes no temporary checkpoints for persistent sinks."},
      {"spark.sql.streaming.join.stateFormatVersion", SettingType::kInt, "2", kHonoured,
       "1: rows of a join's state do not tell whether they had a partner, as Spark wrote them before 3.0: inner joins "
       "only. Recorded in offsets/N.",
       1},
      {"spark.sql.streaming.metricsEnabled", SettingType::kBool, "false", kMeaningless, "Progress is always kept."},
      {"spark.sql.streaming.minBatchesToRetain", SettingType::kInt, "100", kHonoured,
       "offsets/N and commits/N of this many batches are kept.", 1},
      {"spark.sql.streaming.multipleWatermarkPolicy", SettingType::kString, "min", kHonoured,
       "min or max: which of several watermarks counts. Recorded in offsets/N."},
      {"spark.sql.streaming.noDataMicroBatches.enabled", SettingType::kBool, "true", kHonoured,
       "True: when the watermark has risen a batch without rows brings out what it lets go."},
      {"spark.sql.streaming.noDataProgressEventInterval", SettingType::kDurationMs, "10s", kMeaningless,
       "Listeners are not told that a query is idle; its status says so."},
      {"spark.sql.streaming.numRecentProgressUpdates", SettingType::kInt, "100", kHonoured, "Length of recentProgress.",
       0},
      {"spark.sql.streaming.offsetLog.formatVersion", SettingType::kInt, "1", kRefused,
       "Version 1 is written; 1 and 2 are read."},
      {"spark.sql.streaming.pollingDelay", SettingType::kDurationMs, "10ms", kHonoured,
       "Without new data the next look comes after this long."},
      {"spark.sql.streaming.schemaInference", SettingType::kBool, "false", kHonoured,
       "True: a stream of csv or json files without a schema takes the columns of the files that are there."},
      {"spark.sql.streaming.stateStore.compression.codec", SettingType::kString, "lz4", kHonoured,
       "Codec of state files: lz4, zstd, snappy. Recorded in offsets/N."},
      {"spark.sql.streaming.stateStore.maintenanceInterval", SettingType::kDurationMs, "60s", kHonoured,
       "Snapshots of state are written, and old files of it deleted, this often at most."},
      {"spark.sql.streaming.stateStore.minDeltasForSnapshot", SettingType::kInt, "10", kHonoured,
       "A version of state that needs more delta files than this gets a snapshot.", 1},
      {"spark.sql.streaming.stopTimeout", SettingType::kDurationMs, "0", kMeaningless,
       "stop() waits for the batch as long as spark.sluice.shutdownTimeout says."},
      {"spark.sql.warehouse.dir", SettingType::kString, "spark-warehouse", kHonoured,
       "Folder of the catalog's tables, with their records in its _catalog."},
      {"spark.submit.deployMode", SettingType::kString, "", kMeaningless, "One process on this machine."},
      {"spark.ui.enabled", SettingType::kString, "", kMeaningless, "No web page."},
      {"spark.ui.port", SettingType::kString, "", kMeaningless, "No web page."},
      {"spark.ui.showConsoleProgress", SettingType::kString, "", kMeaningless, "See --progress."},
  };
  return *table;
}

const std::vector<Setting>& Table() {
  static const auto* const table = [] {
    auto* all = new std::vector<Setting>(OwnSettings());
    all->insert(all->end(), SqlSettings().begin(), SqlSettings().end());
    std::sort(all->begin(), all->end(),
              [](const Setting& a, const Setting& b) { return std::string_view(a.key) < b.key; });
    return all;
  }();
  return *table;
}

}  // namespace

const std::vector<Setting>& AllSettings() {
  return Table();
}

const Setting* FindSetting(const std::string& key) {
  for (const Setting& setting : Table()) {
    if (key == setting.key) return &setting;
  }
  return nullptr;
}

}  // namespace sluice
