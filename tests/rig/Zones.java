// SPDX-License-Identifier: Apache-2.0
// Prints what java.time knows of time zones, for tools/record_zones.py:
//   version V
//   zone ID CHANGES HASH HASH_SINCE_1970   offsets and local times of 1800 to 2500, see hash()
//   id TEXT OFFSET|refused NORMALIZED      names as Spark reads them, with the offset of 2020-07-01
//   group LONG_STD|SHORT_STD|LONG_DST|SHORT_DST|LONG_GENERIC|SHORT_GENERIC|ID ID ..
//   name short|long NAME=ID                the zone that the pattern z, or zzzz, reads
import java.time.*;
import java.time.format.*;
import java.time.temporal.TemporalQueries;
import java.time.zone.*;
import java.util.*;
import sun.util.locale.provider.TimeZoneNameUtility;

public class Zones {
  static final String[] IDS = {
    "UTC", "utc", "Z", "z", "GMT", "UT", "GMT0", "UCT", "Zulu", "+8", "+08", "-8", "+08:00", "+0800", "+8:00", "+8:5", "+08:5",
    "+800", "+08:00:30", "+080030", "+18:00", "-18:00", "+18:01", "+19:00", "8", "08:00", "GMT+8", "GMT+08:00", "GMT-8:30",
    "UTC+01:30", "UTC+1:30", "UTC-0130", "UT+3", "UTC8", "UTC+", "GMT+25", "EST", "MST", "HST", "PST", "CST", "IST", "BST", "JST",
    "ACT", "AET", "SST", "VST", "EST5EDT", "PST8PDT", "CET", "WET", "America/Los_Angeles", "america/los_angeles", "US/Pacific",
    "Etc/GMT+8", "Etc/GMT-14", "GB", "PRC", "ROC", "Europe/Berlin ", " Europe/Berlin", "", "Mars/Olympus", "posix/UTC", "localtime",
    "posixrules", "../UTC", "Europe", "Factory", "+", "-", "+00:00", "-00:00", "+0", "Asia/Kolkata", "Australia/Lord_Howe"};

  static ZoneId spark(String id) {
    String one = id.replaceFirst("(\\+|\\-)(\\d):", "$10$2:");
    return ZoneId.of(one.replaceFirst("(\\+|\\-)(\\d\\d):(\\d)$", "$1$2:0$3"), ZoneId.SHORT_IDS);
  }

  // FNV-1a over "SECOND OFFSET\n" of the first moment and each change of the offset, and over what a local time in the
  // middle of the hour that the clock skips or repeats is taken for.
  static String hash(ZoneId id, String from, int[] changes) {
    ZoneRules rules = id.getRules();
    Instant at = Instant.parse(from), end = Instant.parse("2500-01-01T00:00:00Z");
    int offset = rules.getOffset(at).getTotalSeconds();
    StringBuilder text = new StringBuilder().append(at.getEpochSecond()).append(' ').append(offset).append('\n');
    for (ZoneOffsetTransition t = rules.nextTransition(at); t != null && t.getInstant().isBefore(end); t = rules.nextTransition(at)) {
      at = t.getInstant();
      if (t.getOffsetAfter().getTotalSeconds() == offset) continue;
      int before = offset;
      offset = t.getOffsetAfter().getTotalSeconds();
      LocalDateTime local = LocalDateTime.ofEpochSecond(at.getEpochSecond() + Math.min(before, offset) + Math.abs(offset - before) / 2, 0, ZoneOffset.UTC);
      text.append(at.getEpochSecond()).append(' ').append(offset).append(' ').append(local.atZone(id).toEpochSecond()).append('\n');
      changes[0]++;
    }
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < text.length(); i++) hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
    return String.format("%016x", hash);
  }

  static String name(String id, boolean daylight, int style) {
    String name = TimeZoneNameUtility.retrieveDisplayName(id, daylight, style, Locale.US);
    return name == null ? "" : name;
  }

  static String generic(String id, int style) {
    String name = TimeZoneNameUtility.retrieveGenericDisplayName(id, style, Locale.US);
    return name == null ? "" : name;
  }

  public static void main(String[] args) {
    System.out.println("version " + ZoneRulesProvider.getVersions("UTC").lastEntry().getKey());
    Map<String, List<String>> groups = new TreeMap<>();
    Set<String> shortNames = new TreeSet<>(), longNames = new TreeSet<>();
    for (String id : new TreeSet<>(ZoneId.getAvailableZoneIds())) {
      if (id.startsWith("SystemV/")) continue;
      int[] changes = {0};
      String all = hash(ZoneId.of(id), "1800-01-01T00:00:00Z", changes);
      System.out.println("zone " + id + " " + changes[0] + " " + all + " " + hash(ZoneId.of(id), "1970-01-01T00:00:00Z", changes));
      String[] names = {name(id, false, TimeZone.LONG), name(id, false, TimeZone.SHORT), name(id, true, TimeZone.LONG),
                        name(id, true, TimeZone.SHORT), generic(id, TimeZone.LONG), generic(id, TimeZone.SHORT)};
      groups.computeIfAbsent(String.join("|", names), k -> new ArrayList<>()).add(id);
      for (int i = 0; i < 6; i++) if (!names[i].isEmpty()) (i % 2 == 0 ? longNames : shortNames).add(names[i]);
    }
    for (String id : IDS) {
      String answer = "refused";
      try {
        ZoneId zone = spark(id);
        answer = zone.getRules().getOffset(Instant.parse("2020-07-01T00:00:00Z")).getTotalSeconds() + " " + zone.getId();
      } catch (DateTimeException refused) { }
      System.out.println("id '" + id + "' " + answer);
    }
    groups.forEach((names, ids) -> System.out.println("group " + names + "|" + String.join(" ", ids)));
    for (boolean full : new boolean[] {false, true}) {
      DateTimeFormatter formatter = new DateTimeFormatterBuilder().parseCaseInsensitive().appendPattern(full ? "zzzz" : "z").toFormatter(Locale.US);
      for (String name : full ? longNames : shortNames) {
        System.out.println("name " + (full ? "long " : "short ") + name + "=" + formatter.parse(name).query(TemporalQueries.zoneId()));
      }
    }
  }
}
