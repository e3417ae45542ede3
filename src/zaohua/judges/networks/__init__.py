"""The networks behind the judges. Each returns features and, where it knows classes, their logits."""
