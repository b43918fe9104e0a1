"""What people are told: rules that make alerts, the outbox that keeps them, delivery that sends them."""
