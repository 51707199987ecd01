import subprocess
import sys


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_a_module_is_loaded_when_it_is_used_and_not_before():
    assert (
        run(
            "import sys\n"
            "from include.later import import_later\n"
            "import_later('colorsys')\n"
            "import colorsys\n"
            "before = 'rgb_to_hsv' in vars(sys.modules['colorsys'])\n"
            "print(before, colorsys.rgb_to_hsv(0, 0, 0), sys.modules['colorsys'].__name__)\n"
        )
        == "False (0.0, 0.0, 0) colorsys"
    )


def test_a_module_that_is_there_stays():
    assert (
        run(
            "import sys, colorsys\n"
            "from include.later import import_later\n"
            "import_later('colorsys')\n"
            "print(sys.modules['colorsys'] is colorsys)\n"
        )
        == "True"
    )


def test_great_expectations_does_without_plots_and_statistics():
    assert (
        run(
            "import sys, include.checkpoint\n"
            "print([m for m in sys.modules if m.startswith(('altair.', 'scipy.stats.'))])\n"
        )
        == "[]"
    )


def test_an_expectation_that_needs_them_gets_them():
    assert (
        run(
            "import include.checkpoint\n"
            "from great_expectations.expectations.core import (\n"
            "    expect_column_kl_divergence_to_be_less_than as kl\n"
            ")\n"
            "print(kl.stats.entropy([0.5, 0.5], [0.5, 0.5]), kl.alt.Chart.__name__)\n"
        )
        == "0.0 Chart"
    )


def test_what_is_hidden_can_be_imported_afterwards():
    assert (
        run(
            "from include.later import as_if_missing\n"
            "with as_if_missing('colorsys'):\n"
            "    try:\n"
            "        import colorsys\n"
            "    except ImportError:\n"
            "        print('missing')\n"
            "import colorsys\n"
            "print(colorsys.__name__)\n"
        )
        == "missing\ncolorsys"
    )


def test_great_expectations_does_without_clouds_and_engines_which_others_still_get():
    # PySpark would end this process: it takes one without a file for a run of its doctests.
    assert (
        run(
            "import sys, include.checkpoint\n"
            "print(*(name in sys.modules for name in ('boto3', 'pyspark')))\n"
            "import boto3\n"
            "print(boto3.__name__)\n"
        )
        == "False False\nboto3"
    )


def test_what_somebody_loaded_before_is_not_hidden():
    assert (
        run(
            "import colorsys\n"
            "from include.later import as_if_missing\n"
            "with as_if_missing('colorsys'):\n"
            "    import colorsys as again\n"
            "print(again is colorsys)\n"
        )
        == "True"
    )
