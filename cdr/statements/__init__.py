"""What an account owes, month by month: as it stands (`drafts`), closed (`closing`), corrected (`correcting`), compared with what was
charged (`checking`), and as files (`papers`)."""
