"""The lines that a test prints: `ok NAME`, `FAIL NAME: reason`, `SKIP NAME: why`, and the count at the end."""
import sys

EXIT_SKIPPED = 77  # what Meson takes for "skipped"


class Report:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def ok(self, name, note=""):
        self.passed += 1
        self._line(f"ok {name}{' (' + note + ')' if note else ''}")

    def fail(self, name, reason):
        self.failed += 1
        self._line(f"FAIL {name}: {reason}")

    def skip(self, name, why):
        self.skipped += 1
        self._line(f"SKIP {name}: {why}")

    def finish(self):
        """Prints the count and returns the exit status."""
        self._line(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        if self.failed:
            return 1
        return 0 if self.passed else EXIT_SKIPPED

    @staticmethod
    def _line(text):
        print(text)
        sys.stdout.flush()
