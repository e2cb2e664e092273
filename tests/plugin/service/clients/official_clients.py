# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "openai==3.54.0", "cohere==5.21.1", "langchain-openai==1.7.3", "langchain-cohere==0.6.0", "haystack-ai==3.4.0",
#   "huggingface-hub==2.4.0", "numpy",
# ]
# ///
"""The official clients, unchanged, against a sidecar: `uv run official_clients.py URL [FUNCTION]`.

They run in an environment of their own, because their pins are not ours.
"""

import sys
from typing import Any

import numpy as np

TEXTS = ["A heron stands in the reeds.", "The train leaves at nine."]
QUESTION = "birds near water"


def close(got: Any, wanted: Any) -> None:
    np.testing.assert_allclose(np.asarray(got), np.asarray(wanted), rtol=0, atol=1e-5)


def refusal(error: type[Any], ask: Any, **arguments: Any) -> Any:
    """The body of the error that the client raises."""
    try:
        ask(**arguments)
    except error as err:
        return err.body
    raise AssertionError(f"{arguments} was accepted")


def vectors(url: str) -> Any:
    import httpx

    return httpx.post(f"{url}/encode_document", json={"texts": TEXTS}).json()["embeddings"]


def openai_embeds_lists_and_explains(url: str) -> None:
    import openai

    client = openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
    packed = client.embeddings.create(model="minilm", input=TEXTS)
    floats = client.embeddings.create(model="minilm", input=TEXTS, encoding_format="float")
    close([each.embedding for each in packed.data], vectors(url))
    close([each.embedding for each in floats.data], vectors(url))
    assert len(client.embeddings.create(model="minilm", input="a", dimensions=64).data[0].embedding) == 64
    assert "all-MiniLM-L6-v2" in [model.id for model in client.models.list()]
    for error, body in (
        (openai.NotFoundError, {"model": "nobody", "input": "a"}),
        (openai.BadRequestError, {"model": "splade", "input": "a"}),
        (openai.BadRequestError, {"model": "minilm", "input": []}),
    ):
        assert refusal(error, client.embeddings.create, **body)["message"]


def cohere_embeds_and_reranks(url: str) -> None:
    import cohere

    two, one = cohere.ClientV2(api_key="none", base_url=url), cohere.Client(api_key="none", base_url=url)
    typed = two.embed(model="minilm", texts=TEXTS, input_type="search_document", embedding_types=["float", "int8"])
    close(typed.embeddings.float_, vectors(url))
    close(one.embed(model="minilm", texts=TEXTS, input_type="search_document").embeddings, vectors(url))
    for client in (two, one):
        ranked = client.rerank(model="reranker", query=QUESTION, documents=TEXTS[::-1], top_n=1)
        assert [each.index for each in ranked.results] == [1]
        said = refusal(cohere.NotFoundError, client.rerank, model="nobody", query="a", documents=["b"])
        assert "nobody" in said["message"]


def langchain_embeds_and_reranks(url: str) -> None:
    import cohere
    from langchain_cohere import CohereRerank
    from langchain_openai import OpenAIEmbeddings

    embeddings = OpenAIEmbeddings(
        base_url=f"{url}/v1", api_key="none", model="minilm", check_embedding_ctx_length=False
    )
    close(embeddings.embed_documents(TEXTS), vectors(url))
    close(embeddings.embed_query(TEXTS[0]), vectors(url)[0])
    reranker = CohereRerank(client=cohere.ClientV2(api_key="none", base_url=url), model="reranker", top_n=1)
    assert reranker.rerank(TEXTS[::-1], QUESTION)[0]["index"] == 1


def haystack_embeds(url: str) -> None:
    from haystack import Document
    from haystack.components.embedders import OpenAIDocumentEmbedder, OpenAITextEmbedder
    from haystack.utils import Secret

    options = {"api_key": Secret.from_token("none"), "api_base_url": f"{url}/v1", "model": "minilm"}
    close(OpenAITextEmbedder(**options).run(TEXTS[0])["embedding"], vectors(url)[0])
    done = OpenAIDocumentEmbedder(**options, progress_bar=False).run([Document(content=text) for text in TEXTS])
    close([document.embedding for document in done["documents"]], vectors(url))


def the_hub_client_embeds_and_compares(url: str) -> None:
    from huggingface_hub import InferenceClient

    for address in (url, f"{url}/embed"):
        close(np.ravel(InferenceClient(model=address).feature_extraction(TEXTS[0])), vectors(url)[0])
    similar = InferenceClient(model=f"{url}/similarity").sentence_similarity(QUESTION, other_sentences=TEXTS)
    assert similar[0] > similar[1]


CHECKS = (
    openai_embeds_lists_and_explains,
    cohere_embeds_and_reranks,
    langchain_embeds_and_reranks,
    haystack_embeds,
    the_hub_client_embeds_and_compares,
)

if __name__ == "__main__":
    for check in CHECKS:
        check(sys.argv[1])
        print(check.__name__)
