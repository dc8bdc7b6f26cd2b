# SPDX-License-Identifier: Apache-2.0
"""Runs a PySpark program on the Spark Connect server that SPARK_REMOTE names. Built into `sluice submit`."""
import os
import sys
import traceback
import types


def refuse(text):
    sys.stderr.write(f"sluice: {text}\n")
    sys.exit(2)


def import_connect():
    """Spark Connect's session, or what to install."""
    pip = f"{sys.executable} -m pip install"
    try:
        import pyspark
    except ImportError:
        refuse(f"{sys.executable} has no PySpark. Install one: {pip} pyspark-client==4.2.0")
    version = pyspark.__version__
    if tuple(int(part) for part in version.split(".")[:2]) < (3, 5):
        refuse(f"{sys.executable} has PySpark {version}; 3.5 or newer is needed: {pip} pyspark-client==4.2.0")
    try:
        from pyspark.sql.connect import session
    except Exception as error:  # PySpark raises errors of its own for packages that are missing
        refuse(f'PySpark {version} lacks what Spark Connect needs ({error}). Install it: {pip} "pyspark[connect]=={version}"')
    return session.SparkSession


class Nothing:
    """Takes every call, as a logger does that nobody reads."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *arguments, **options):
        return self


class Jvm:
    """There is no JVM. The lines that set its loggers do no harm; whatever else needs one says so."""

    def __getattr__(self, name):
        if name == "org":
            return Package("org")
        raise_no_jvm(f"_jvm.{name}")


class Package:
    def __init__(self, path):
        self._path = path

    def __getattr__(self, name):
        path = f"{self._path}.{name}"
        if "org.apache.log4j".startswith(path) or "org.apache.logging.log4j".startswith(path):
            return Package(path)
        if path.startswith(("org.apache.log4j.", "org.apache.logging.log4j.")):
            return Nothing()
        raise_no_jvm(f"_jvm.{path}")


class HadoopConfiguration:
    def __init__(self, session):
        self._session = session

    def set(self, key, value):
        self._session.conf.set(f"spark.hadoop.{key}", value)

    def get(self, key, default=None):
        return self._session.conf.get(f"spark.hadoop.{key}", default)


class JavaContext:
    def __init__(self, session):
        self._session = session

    def hadoopConfiguration(self):
        return HadoopConfiguration(self._session)

    def __getattr__(self, name):
        raise_no_jvm(f"_jsc.{name}")


class Context:
    """What programs ask of a SparkContext that needs no JVM."""

    def __init__(self, session):
        self._session = session
        self._jvm, self._jsc = Jvm(), JavaContext(session)

    def setLogLevel(self, level):
        pass

    @property
    def version(self):
        return self._session.version

    @property
    def appName(self):
        return self._session.conf.get("spark.app.name", "sluice")

    applicationId = "sluice"
    master = "local[*]"

    def stop(self):
        self._session.stop()

    def __getattr__(self, name):
        raise_no_jvm(f"sparkContext.{name}")


def raise_no_jvm(name):
    from pyspark.errors import PySparkAttributeError

    raise PySparkAttributeError(
        f"[JVM_ATTRIBUTE_NOT_SUPPORTED] {name} needs a JVM, and Sluice has none. Data frames and SQL do without.")


def make_harmless(session_class):
    from pyspark.sql import session as classic

    builder = classic.SparkSession.Builder
    validate = builder._validate_startup_urls

    def without_master(self):
        os.environ.pop("MASTER", None)
        self._options.pop("spark.master", None)
        validate(self)

    builder._validate_startup_urls = without_master
    session_class.sparkContext = property(Context)
    session_class._sc = property(Context)
    session_class._jvm = property(lambda self: Jvm())
    session_class._jsc = property(JavaContext)


def run(path, arguments):
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        refuse(f"{path} cannot be read: {error.strerror}")
    make_harmless(import_connect())
    module = types.ModuleType("__main__")
    module.__file__ = path
    module.__builtins__ = __builtins__
    sys.modules["__main__"] = module
    sys.argv = [path, *arguments]
    sys.path[0] = os.path.dirname(os.path.abspath(path))
    try:
        exec(compile(source, path, "exec"), module.__dict__)
    except SystemExit:
        raise
    except KeyboardInterrupt:
        sys.exit(130)
    except BaseException as error:
        # The program's own frames, as if it had been started by itself.
        traceback.print_exception(type(error), error, error.__traceback__.tb_next if error.__traceback__ else None)
        sys.exit(1)


run(sys.argv[1], sys.argv[2:])
