"""What absence means to each fusion, exactly; the definitions in plain loops."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.metrics.ranks import rank_correlation
from zaohua.multimodal.fusion import levels_loss, make_fusion
from zaohua.multimodal.fusion.attention import modality_weights, weighted_sum

DIMS = {"a": 3, "b": 4, "c": 2}
DIM, BATCH = 6, 4


def drawn(seed: int = 0) -> dict[str, Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return {name: torch.randn(BATCH, 1, size, generator=draw).double() for name, size in DIMS.items()}


def made(name: str, **options):
    torch.manual_seed(1)
    return make_fusion(name, DIMS, DIM, **options).double()


def projected(fusion, feats: dict[str, Tensor], row: int) -> dict[str, list[float]]:
    """What each modality that is given says after its projection, of one sample."""
    layers = dict(zip(fusion.modalities, fusion.projections, strict=True))
    return {name: layers[name](x[row, 0]).tolist() for name, x in feats.items()}


def only(*names: str) -> dict[str, Tensor]:
    return {name: x for name, x in drawn().items() if name in names}


# ---- seed §4.3


def test_attention_is_its_formula():
    """h_t = Σ_m α_{t,m} v_{t,m} with α_{t,m} = exp(e_{t,m}) / Σ_m' exp(e_{t,m'}), m over what is present."""
    draw = torch.Generator().manual_seed(0)
    scores, values = torch.randn(2, 3, 4, generator=draw).double(), torch.randn(2, 3, 4, 5, generator=draw).double()
    present = torch.rand(2, 3, 4, generator=draw) > 0.4
    present[0, 0] = False
    weights = modality_weights(scores, present)
    fused = weighted_sum(weights, values)
    for b in range(2):
        for t in range(3):
            those = [m for m in range(4) if present[b, t, m]]
            total = math.fsum(math.exp(scores[b, t, m]) for m in those)
            alpha = {m: math.exp(scores[b, t, m]) / total for m in those}
            assert weights[b, t].tolist() == pytest.approx([alpha.get(m, 0.0) for m in range(4)])
            for d in range(5):
                assert fused[b, t, d].item() == pytest.approx(math.fsum(alpha[m] * values[b, t, m, d] for m in those))


def test_attention_scores_features_additively():
    fusion, feats = made("attention", score_width=3), drawn()
    fused = fusion(feats)
    for row in range(BATCH):
        said = projected(fusion, feats, row)
        scores = []
        for name, (inner, _, outer) in zip(fusion.modalities, fusion.score, strict=True):
            bent = [
                math.tanh(math.fsum(w * v for w, v in zip(line, said[name], strict=True)) + b)
                for line, b in zip(inner.weight.tolist(), inner.bias.tolist(), strict=True)
            ]
            scores.append(
                math.fsum(w * v for w, v in zip(outer.weight[0].tolist(), bent, strict=True)) + outer.bias.item()
            )
        total = math.fsum(map(math.exp, scores))
        assert fused.weights[row, 0].tolist() == pytest.approx([math.exp(score) / total for score in scores])


# ---- one by one


def test_concat_puts_a_learned_token_in_the_place_of_what_is_absent():
    fusion = made("concat")
    whole, part = fusion(drawn()), fusion(only("a", "c"))
    widths = [fusion.widths[name] for name in fusion.modalities]
    assert sum(widths) == DIM
    parts = part.x.split(widths, dim=-1)
    assert torch.equal(parts[1], fusion.absent[1].expand_as(parts[1]))
    for kept in (0, 2):
        assert torch.equal(parts[kept], whole.x.split(widths, dim=-1)[kept])


def test_sum_is_over_what_is_present():
    fusion = made("sum")
    torch.testing.assert_close(fusion(only("a", "c")).x, fusion(only("a")).x + fusion(only("c")).x)


def test_gates_of_what_is_alone_are_open():
    fusion = made("gated")
    alone = fusion(only("b"))
    torch.testing.assert_close(alone.x, fusion.projections[1](only("b")["b"]).tanh())
    assert torch.equal(alone.weights, torch.tensor([0.0, 1.0, 0.0]).double().expand(BATCH, 1, 3))


def test_film_without_the_others_is_the_identity():
    fusion = made("film", modulated="b")
    torch.testing.assert_close(fusion(only("b")).x, fusion.projections[1](only("b")["b"]), rtol=0, atol=0)
    fused, feats = fusion(only("a", "b")), only("a", "b")
    said = projected(fusion, feats, 2)
    expected = [(1 + said["a"][d]) * said["b"][d] + said["a"][DIM + d] for d in range(DIM)]
    assert fused.x[2, 0].tolist() == pytest.approx(expected)


def test_tensor_keeps_the_products_without_what_is_absent():
    """Σ over all products with one factor, a feature or 1, of each modality; without b only those whose factor is 1."""
    fusion, width = made("tensor", width=2), 2
    matrix = fusion.out.weight.view(DIM, 3, 3, 3)  # [D, 1 + width of a, of b, of c]
    for given in (("a", "b", "c"), ("a", "c"), ("b",)):
        feats = only(*given)
        fused = fusion(feats)
        said = projected(fusion, feats, 1)
        rows = [[1.0, *said.get(name, [])] for name in fusion.modalities]  # an absent one has the 1 alone
        for d in range(DIM):
            terms = [
                matrix[d, i, j, k].item() * x * y * z
                for i, x in enumerate(rows[0])
                for j, y in enumerate(rows[1])
                for k, z in enumerate(rows[2])
            ]
            assert len(terms) == (1 + width) ** len(given)
            assert fused.x[1, 0, d].item() == pytest.approx(math.fsum(terms))


def test_lowrank_keeps_the_constant_of_what_is_absent():
    fusion = made("lowrank", rank=3)
    torch.nn.init.normal_(fusion.constants)
    for given in (("a", "b", "c"), ("a", "c"), ("b",)):
        feats = only(*given)
        fused = fusion(feats)
        said = projected(fusion, feats, 3)
        for d in range(DIM):
            total = fusion.bias[d].item()
            for r in range(3):
                product = fusion.mix[r, d].item()
                for m, name in enumerate(fusion.modalities):
                    product *= fusion.constants[m, r * DIM + d].item() + (
                        said[name][r * DIM + d] if name in said else 0
                    )
                total += product
            assert fused.x[3, 0, d].item() == pytest.approx(total)


@pytest.mark.parametrize("bounded", [False, True])
def test_bilinear_keeps_the_pairs_that_are_present(bounded):
    fusion, width = made("bilinear", width=2, bounded=bounded), 2
    for given in (("a", "b", "c"), ("a", "c"), ("b",)):
        feats = only(*given)
        fused = fusion(feats)
        said = projected(fusion, feats, 0)
        if bounded:
            said = {name: list(map(math.tanh, values)) for name, values in said.items()}
        for d in range(DIM):
            total = fusion.linear.bias[d].item()
            for m, name in enumerate(fusion.modalities):
                for i, x in enumerate(said.get(name, [])):
                    total += fusion.linear.weight[d, m * width + i].item() * x
            for form, (m, n) in zip(fusion.forms, fusion.pairs, strict=True):
                first, second = (said.get(fusion.modalities[one], []) for one in (m, n))
                for i, x in enumerate(first):
                    for j, y in enumerate(second):
                        total += form.weight[d, i * width + j].item() * x * y
            assert fused.x[0, 0, d].item() == pytest.approx(total)


@pytest.mark.parametrize("name", ["cross", "bottleneck", "perceiver"])
def test_tokens_of_what_is_absent_are_not_looked_at(name):
    """The same as if there had never been any: however many they are and whatever they say."""
    fusion = made(name, heads=2)
    feats = drawn() | {"b": torch.full((BATCH, 9, 4), 1e6).double()}
    masks = {"b": torch.zeros(BATCH, 9, dtype=torch.bool)}
    torch.testing.assert_close(fusion(feats, masks).x, fusion(only("a", "c")).x)
    assert fusion(feats, masks).weights[..., 1].count_nonzero() == 0


def test_decisions_of_what_is_present_add_up():
    fusion = made("decision")
    for given in (("a", "b", "c"), ("a", "c"), ("b",)):
        fused = fusion(only(*given))
        prior = fusion.null.log_softmax(-1)
        alone = {name: fused.levels[name].log_softmax(-1) for name in given}
        total = torch.stack(list(alone.values())).sum(0) - (len(given) - 1) * prior
        torch.testing.assert_close(fused.x.log_softmax(-1), total.log_softmax(-1))
        assert [name for name, mask in fused.present.items() if mask.all()] == sorted(given)


def with_precisions(fusion):
    """The same with precisions that differ: none does before it is trained."""
    torch.manual_seed(2)
    for precision in fusion.precisions:
        torch.nn.init.normal_(precision.weight)
        torch.nn.init.normal_(precision.bias)
    return fusion


def test_a_decision_is_weighed_by_its_share_of_the_precision():
    """§4.3 with e_m linear in the features, so that α_m = exp(e_m) / Σ exp(e): equal before anything is learnt."""
    fresh = made("decision")
    third = torch.tensor([0.5, 0.0, 0.5]).double().expand(BATCH, 1, 3)
    assert torch.equal(fresh(only("a", "c")).weights, third)
    fusion, feats = with_precisions(fresh), only("a", "c")
    fused = fusion(feats)
    layers = dict(zip(fusion.modalities, fusion.precisions, strict=True))
    for row in range(BATCH):
        said = projected(fusion, feats, row)
        precise = {}
        for name in feats:
            weight = layers[name].weight[0].tolist()
            total = math.fsum(w * v for w, v in zip(weight, said[name], strict=True)) + layers[name].bias.item()
            precise[name] = math.exp(max(-8.0, min(8.0, total)))
        expected = [precise.get(name, 0.0) / math.fsum(precise.values()) for name in fusion.modalities]
        assert fused.weights[row, 0].tolist() == pytest.approx(expected)
        for name in feats:  # what is believed goes where what is said goes, as far as the precision
            added, trusted = (fused.levels[name] - fusion.null)[row, 0], (fused.believed[name] - fusion.null)[row, 0]
            centred = added - added.mean()
            torch.testing.assert_close(trusted, precise[name] * centred / centred.norm())


def test_heads_have_widths_of_their_own():
    fusion = made("multilevel", width=4, hidden={"c": 0, "a": 5, "b": 7}).decision
    assert [projection.out_features for projection in fusion.projections] == [5, 7, DIM]
    assert fusion(drawn()).x.shape == (BATCH, 1, DIM)


def test_learning_whom_to_believe_changes_no_answer():
    fusion = with_precisions(made("decision"))
    fused = fusion(drawn())
    sum(said.square().sum() for said in fused.believed.values()).backward()
    taught = {name for name, p in fusion.named_parameters() if p.grad is not None}
    assert taught == {name for name, _ in fusion.named_parameters() if name.startswith("precisions")}
    torch.manual_seed(1)
    assert torch.equal(fused.x, made("decision")(drawn()).x)


def test_the_weights_learn_to_follow_the_noise():
    """Of two senses one is equally clear in every sample; the other is not, and one of its features tells how clear."""
    draw = torch.Generator().manual_seed(0)
    labels = torch.randint(4, (400,), generator=draw)
    clear, noisy = (F.one_hot(labels, 4) + torch.randn(400, 4, generator=draw) for _ in range(2))
    clarity = torch.rand(400, 1, generator=draw)
    noisy = clarity * F.one_hot(labels, 4) + (1 - clarity) * (noisy - F.one_hot(labels, 4))
    feats = {"clear": clear[:, None], "noisy": torch.cat([noisy, clarity], dim=-1)[:, None]}
    torch.manual_seed(0)
    fusion = make_fusion("decision", {"clear": 4, "noisy": 5}, 4, hidden=8)
    optimiser = torch.optim.Adam(fusion.parameters(), 0.02)

    def each(said: Tensor) -> Tensor:
        return F.cross_entropy(said[:, 0], labels, reduction="none")[:, None]

    for _ in range(100):
        optimiser.zero_grad()
        levels_loss(fusion(feats), each).backward()
        optimiser.step()
    weights = fusion(feats).weights[:, 0, 1].detach()
    assert rank_correlation(weights.numpy(), clarity[:, 0].numpy()) > 0.7


def test_strange_features_cannot_outshout_the_others():
    """However large a feature is, what it adds stays within the sum of the last matrix's columns."""
    fusion = made("decision")
    usual, strange = fusion(drawn()), fusion(drawn() | {"a": 1e9 * drawn()["a"]})
    most = fusion.heads[0][1].weight.abs().sum(-1) + fusion.heads[0][1].bias.abs()
    assert ((strange.levels["a"] - fusion.null).abs() <= most + 1e-9).all()
    assert torch.equal(strange.levels["b"], usual.levels["b"])


def test_decisions_are_bayes_optimal_where_modalities_are_independent_given_the_class():
    """p(y | x, z) from the tables by Bayes' rule, and from what x and z say alone."""
    draw = torch.Generator().manual_seed(0)
    prior = torch.rand(3, generator=draw).double()
    prior /= prior.sum()
    x_given, z_given = (torch.rand(3, size, generator=draw).double().log_softmax(-1).exp() for size in (4, 5))
    fusion = make_fusion("decision", {"x": 4, "z": 5}, 3, hidden=0).double()
    with torch.no_grad():
        fusion.null.copy_(prior.log())
        for layer, table in zip(fusion.projections, (x_given, z_given), strict=True):
            layer.weight.copy_(table.log())  # log p(x | y), which is log p(y | x) / p(y) but for a constant
            layer.bias.zero_()
    for i in range(4):
        for j in range(5):
            seen = {"x": F.one_hot(torch.tensor([[i]]), 4).double(), "z": F.one_hot(torch.tensor([[j]]), 5).double()}
            weights = [prior[y].item() * x_given[y, i].item() * z_given[y, j].item() for y in range(3)]
            expected = [weight / math.fsum(weights) for weight in weights]
            assert fusion(seen).x[0, 0].softmax(-1).tolist() == pytest.approx(expected)


def test_multilevel_falls_back_on_the_decision_of_what_is_alone():
    fusion = made("multilevel", width=4)
    for name in DIMS:
        fused = fusion(only(name))
        assert torch.equal(fused.x, fused.levels[name])
        assert not fused.present["joint"].any()
    whole = fusion(drawn())
    alone = fusion.decision(drawn())
    common = whole.levels["joint"] - fusion.decision.null
    assert common.count_nonzero() == common.numel()
    torch.testing.assert_close(whole.x, alone.x + common)


@pytest.mark.parametrize("level", ["token", "feature", "semantic"])
def test_each_level_of_multilevel_adds_to_the_answer(level):
    fusion = made("multilevel", width=4, joint=(level,))
    assert not torch.equal(fusion(drawn()).x, fusion.decision(drawn()).x)


def test_the_loss_of_levels_is_the_mean_over_those_that_have_something_to_go_by():
    fusion, labels = made("multilevel", width=4), torch.tensor([0, 1, 2, 3])
    with_precisions(fusion.decision)
    masks = {"b": torch.tensor([True, False, True, False])[:, None], "c": torch.zeros(BATCH, 1, dtype=torch.bool)}
    fused = fusion(drawn(), masks)
    expected = 0.0
    for levels, counts in (
        (fused.levels, {"a": 4, "b": 2, "c": 0, "joint": 2}),
        (fused.believed, {"a": 4, "b": 2, "c": 0}),
    ):
        each = {
            name: [F.cross_entropy(said[n, 0], labels[n]).item() for n in range(BATCH) if fused.present[name][n, 0]]
            for name, said in levels.items()
        }
        assert {name: len(found) for name, found in each.items()} == counts
        expected += math.fsum(math.fsum(found) / max(1, len(found)) for found in each.values()) / len(counts)
    got = levels_loss(fused, lambda logits: F.cross_entropy(logits[:, 0], labels, reduction="none")[:, None])
    assert got.item() == pytest.approx(expected)
    assert levels_loss(made("sum")(drawn()), lambda logits: logits[..., 0]).item() == 0
