"""Prices with a date: those of an account, and those of rate cards that accounts share.

Owns the columns. Which one is in force is streams.pure.price's rule; how they are added and looked up, streams.rates'."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from streams.models.tenants import Account, currency_validator
from streams.pure.price import BEGINNING, HIGHEST, Price, Term


class RateCard(models.Model):
    """A price list that accounts share: a change of it is a change for all of them."""

    name = models.CharField(max_length=100, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Rate(models.Model):
    """From `valid_from` on, until the next of the same account or card. With an account and no card: the account's own price. With both:
    the account has the card's, and no columns of its own. With a card alone: a price of that card. Never changed: the next follows."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, null=True, related_name="rates")
    card = models.ForeignKey(RateCard, on_delete=models.PROTECT, null=True, blank=True, related_name="rates", verbose_name="rate card")
    valid_from = models.DateTimeField()
    amount = models.DecimalField(
        "price of one interval",
        max_digits=12,
        decimal_places=5,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(HIGHEST)],
    )
    interval_seconds = models.PositiveIntegerField(
        "billing interval (s)", null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(86_400)]
    )
    currency = models.CharField(max_length=3, blank=True, validators=[currency_validator])
    minimum_seconds = models.PositiveIntegerField(
        "minimum duration (s)",
        default=0,
        validators=[MaxValueValidator(86_400)],
        help_text="A stream that costs anything is billed for at least so long.",
    )
    free_seconds = models.PositiveIntegerField(
        "free seconds",
        default=0,
        validators=[MaxValueValidator(86_400)],
        help_text="The first seconds of each stream that are not billed.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ("valid_from", "pk")
        default_permissions = ()
        permissions = [("set_rates", "Can set rates of accounts and rate cards")]
        constraints = [
            models.UniqueConstraint(fields=["account", "valid_from"], condition=Q(account__isnull=False), name="rate_once_of_account"),
            models.UniqueConstraint(fields=["card", "valid_from"], condition=Q(account__isnull=True), name="rate_once_of_card"),
            models.CheckConstraint(condition=Q(account__isnull=False) | Q(card__isnull=False), name="rate_is_somebodys"),
            models.CheckConstraint(
                condition=Q(account__isnull=False, card__isnull=False, amount__isnull=True, interval_seconds__isnull=True)
                | (Q(account__isnull=True) | Q(card__isnull=True))
                & Q(amount__isnull=False, amount__gte=0, interval_seconds__gt=0, currency__gt=""),
                name="rate_is_a_price_or_a_card",
            ),
        ]

    def __str__(self) -> str:
        when = "the beginning" if self.valid_from == BEGINNING else f"{self.valid_from:%Y-%m-%d %H:%M} UTC"
        return f"{self.account or self.card}, from {when}"

    @property
    def price(self) -> Price | None:
        """None where the card says it."""
        if self.amount is None or self.interval_seconds is None:
            return None
        return Price(self.amount, self.interval_seconds, self.currency, self.minimum_seconds, self.free_seconds)

    @property
    def term(self) -> Term:
        return Term(self.valid_from, self.price, self.card_id if self.account_id else None)
