//! The part of the walk in which people follow links: who registers, who has a new address, who has forgotten their password.

use serde_json::json;

use super::Walk;

impl Walk {
    pub(super) async fn registration(&self) {
        let password = self.secrets.password("ada");
        let email = "ada@acme.example";
        let ada = json!({ "email": email, "username": "ada", "password": password });
        for status in [202, 409] {
            let path = "/auth/register";
            let answer = self.post(&self.anonymous, path, ada.clone()).await;
            answer.expect_status(status);
        }
        let path = "/auth/resend-verification";
        self.post(&self.anonymous, path, json!({ "email": email }))
            .await
            .expect_status(202);
        let token = self.mailed(email).await;
        for is_good in [true, false] {
            let proof = json!({ "token": token });
            let path = "/auth/verify-email";
            let answer = self.post(&self.anonymous, path, proof).await;
            assert_eq!(answer.status == 204, is_good, "{answer:#?}");
        }
        let credentials = json!({ "username": "ada", "password": password });
        let (ada, _) = self.log_in("/auth/login", credentials).await;
        let new = "ada@elsewhere.example";
        let change = json!({ "current_password": password, "new_email": new });
        self.post(&ada, "/auth/change-email", change)
            .await
            .expect_status(202);
        let proof = json!({ "token": self.mailed(new).await });
        self.post(&self.anonymous, "/auth/verify-email", proof)
            .await
            .expect_status(204);
    }

    pub(super) async fn forgotten_password(&self) {
        let email = "bob@acme.example";
        self.post(
            &self.anonymous,
            "/auth/forgot-password",
            json!({ "email": email }),
        )
        .await
        .expect_status(202);
        let token = self.mailed(email).await;
        let guess = format!("pr1.{}", self.secrets.password("no token of a mail"));
        let new = self.secrets.password("bob, after a reset");
        self.secrets.keep("password that is too short", "c4n-7Qz");
        for (token, password) in [
            (&guess, &new),
            (&token, &"c4n-7Qz".to_owned()),
            (&token, &new),
            (&token, &new),
        ] {
            let body = json!({ "token": token, "new_password": password });
            self.post(&self.anonymous, "/auth/reset-password", body)
                .await;
        }
        let credentials = json!({ "username": "bob", "password": new });
        self.log_in("/auth/login", credentials).await;
    }
}
