from __future__ import annotations

import pytest

# What is tested of every suite lies in a module that is no test itself.
pytest.register_assert_rewrite("tests.expectations.suite_tests")
