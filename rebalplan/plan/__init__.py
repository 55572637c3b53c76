"""From snapshot to plan and from plan to bytes: what an account's orders are and all they follow from."""
