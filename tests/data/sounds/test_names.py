"""Classes and voices in the names of files."""

from zaohua.data.sounds.names import classes_in, voices_in

SPOKEN = [f"{digit}_{voice}_{take}.wav" for digit in (3, 7) for voice in ("ann", "bob") for take in (0, 1)]


def test_names_that_begin_with_a_class():
    assert classes_in(SPOKEN) == ["3"] * 4 + ["7"] * 4
    assert classes_in(["a/dog-1.wav", "b/dog-2.wav", "cat 1.wav", "cat 2.wav"]) == ["dog", "dog", "cat", "cat"]


def test_names_of_single_sounds_are_no_classes():
    assert classes_in(["one_1.wav", "two_1.wav", "three_1.wav", "three_2.wav"]) == []
    assert classes_in(["dog.wav", "dog.ogg", "cat.wav", "cat.ogg"]) == []
    assert classes_in(["rec_1.wav", "rec_2.wav", "rec_3.wav"]) == [], "all of one class"
    assert classes_in([*SPOKEN, "9_ann_0.wav"]) == [], "one of which there is no other"


def test_voices_stand_between_class_and_number():
    assert voices_in(SPOKEN) == ["ann", "ann", "bob", "bob"] * 2
    assert voices_in([*SPOKEN, "noise.wav"]) == []
    assert voices_in(["3_1_0.wav", "7_2_1.wav"]) == [], "numbers are no voices"
    assert voices_in(["dog_bark_1.wav", "cat_meow_1.wav"]) == [], "a word of one class only is no voice"
