"""The sets of third-party packages that functions run on, as Lambda layers."""

from typing import Final

from aws_cdk import AssetHashType, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.constructs.layer_archive import ROOT, Recipe, Target

LEAN = Recipe(name="lean", lock="lambdas/requirements-lean.txt")

OFFLINE = Recipe(
    name="offline",
    lock="lambdas/requirements-offline.txt",
    drop=(
        # Arrow links its core against acero, dataset and substrait, and PyIceberg imports rich:
        # those stay. Flight, the C++ headers, sources and tests are of no use at run time.
        "pyarrow/*flight*",
        "pyarrow/_pyarrow_cpp_tests*",
        "pyarrow/include",
        "pyarrow/includes",
        "pyarrow/src",
        "pyarrow/tests",
        # The wheel carries each of its Python bridges thrice; the loader asks for *.so.<major>.
        "pyarrow/libarrow_python*.so",
        "pyarrow/libarrow_python*.so.*.*.*",
        # zstandard has its C backend; the cffi one is a second copy of the same library.
        "zstandard/*cffi*",
        # Hive's Thrift stubs: the catalog is Glue.
        "fb303",
        "hive_metastore",
        "**/*.pyi",
        "**/*.pyx",
        "**/*.pxd",
        "**/*.pxi",
    ),
)

# Over the offline layer: what bulk ingestion needs, and no other function.
BULK = Recipe(name="bulk", lock="lambdas/requirements-bulk.txt", drop=("**/*.pyi",))

_NUMPY: Final = (
    "numpy/f2py",
    "numpy/distutils",
    "numpy/_core/include",
    "numpy/_core/lib",
    "numpy/random/lib",
    "numpy/random/_examples",
    "**/tests",
    "**/*.pyi",
    "**/*.pxd",
)

# Over the offline layer: what makes training sets, and no other function.
ARRAYS = Recipe(name="arrays", lock="lambdas/requirements-arrays.txt", drop=_NUMPY)

INFERENCE = Recipe(
    name="inference",
    lock="lambdas/requirements-inference.txt",
    drop=(
        # Only the C libraries of these two are loaded, by ctypes.
        "xgboost/*.py",
        "xgboost/[a-km-z]*/",
        "lightgbm/*.py",
        "*/py.typed",
        # onnxruntime's Python module has the runtime in it; this is a second one for C programs.
        "onnxruntime/capi/libonnxruntime.so*",
        "onnxruntime/capi/libonnxruntime_providers_shared.so",
        "onnxruntime/backend",
        "onnxruntime/datasets",
        "onnxruntime/quantization",
        "onnxruntime/tools",
        "onnxruntime/transformers",
        "onnxruntime/ThirdPartyNotices.txt",
        *_NUMPY,
    ),
    # LightGBM asks for OpenMP by this name, and Lambda's system has none.
    libraries=(("xgboost_cpu.libs/libgomp-*.so*", "libgomp.so.1"),),
)

_ARCHITECTURES = {
    "aarch64": lambda_.Architecture.ARM_64,
    "x86_64": lambda_.Architecture.X86_64,
}


def architecture_of(target: Target) -> lambda_.Architecture:
    """Lambda's name of the machine type of ``target``."""
    return _ARCHITECTURES[target.machine]


class DependencyLayer(lambda_.LayerVersion):
    """A layer of locked wheels; its asset hash is the key of its recipe, not of its bytes.

    The CDK may skip bundling (``aws:cdk:bundling-stacks``), as in the tests. Then the lock file's
    folder takes the archive's place and nothing is downloaded.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, recipe: Recipe, target: Target
    ) -> None:
        bundling = Stack.of(scope).bundling_required
        super().__init__(
            scope,
            construct_id,
            code=lambda_.Code.from_asset(
                str(recipe.archive(target) if bundling else (ROOT / recipe.lock).parent),
                asset_hash=recipe.key(target),
                asset_hash_type=AssetHashType.CUSTOM,
            ),
            compatible_architectures=[architecture_of(target)],
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
            description=f"Larder: locked wheels of {recipe.lock}",
        )
